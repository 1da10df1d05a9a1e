// Builds the seat map as one script, with everything but the languages that are read when they are wanted, and ends
// non-zero when it is too large. A process of its own, because Vite sets NODE_ENV.
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/** What a page loads for the seat map, minified and gzipped: script and style together. */
const MOST_BYTES = 25 * 1024;
const folder = join(import.meta.dirname, '../../packages/seatmap');

const built = await build({
  root: folder,
  configFile: false,
  logLevel: 'error',
  resolve: { conditions: ['frontrow-source', 'module', 'browser'] },
  build: {
    write: false,
    target: 'es2023',
    modulePreload: false,
    rolldownOptions: { input: join(folder, 'src/define.ts') },
  },
});
const outputs = (Array.isArray(built) ? built : [built]).flatMap((one) => ('output' in one ? one.output : []));
const entry = outputs.find((one) => one.type === 'chunk' && one.isEntry);
const bytes = entry?.type === 'chunk' ? gzipSync(entry.code, { level: 9 }).length : Number.POSITIVE_INFINITY;
console.log(`The seat map has ${bytes} bytes, minified and gzipped. At most ${MOST_BYTES}.`);
process.exitCode = bytes <= MOST_BYTES ? 0 : 1;
