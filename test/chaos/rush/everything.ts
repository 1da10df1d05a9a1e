import { pathToFileURL } from 'node:url';

// All processes of the product in one, two of some: what a run of some seconds pays for is its start. Each is the very
// file that runs in production, with pools, queues and caches of its own. `RUSH_ROOT` has the `src` that is run.
const { RUSH_ROOT = '', RUSH_SECOND_PORT } = process.env;
const second = { PORT: RUSH_SECOND_PORT };
const parts: readonly (readonly [file: string, env: NodeJS.ProcessEnv])[] = [
  ['gateway-sandbox.ts', {}],
  ['payments.ts', {}],
  ['relay.ts', {}],
  ['worker.ts', {}],
  ['worker.ts?second', {}],
  ['api.ts', {}],
  ['api.ts?second', second],
];

// Whoever started it is gone.
process.once('disconnect', () => process.exit(1));

const tell = process.send?.bind(process);
for (const [file, env] of parts) {
  Object.assign(process.env, env);
  // Each says so when it is ready, and resolves only when it is told to end.
  const ready = Promise.withResolvers<void>();
  process.send = () => {
    ready.resolve();
    return true;
  };
  await Promise.race([ready.promise, import(`${pathToFileURL(RUSH_ROOT).href}/src/processes/${file}`)]);
}
tell?.({ ready: true });
