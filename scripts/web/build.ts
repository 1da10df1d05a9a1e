// Builds the web client into web/dist when its sources are other ones than at the last time.
// usage: npm run web:build
import { buildWhenStale } from './build-when-stale.ts';

// React's and Vite's code for development is chosen by this name, which a test run has set.
process.env.NODE_ENV = 'production';

const took = await buildWhenStale();
console.log(took === undefined ? 'The web client is up to date.' : `Built the web client in ${took.toFixed(1)} s.`);
