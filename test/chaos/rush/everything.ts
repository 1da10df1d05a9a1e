import { pathToFileURL } from 'node:url';

// All processes of the product in one, some of them twice, because most of a run of some seconds is its start. Each
// is the exact file that runs in production, with its own pools, queues and caches. `RUSH_ROOT` has the `src` that
// is run.
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

// The parent process is gone.
process.once('disconnect', () => process.exit(1));

const tell = process.send?.bind(process);
for (const [file, env] of parts) {
  Object.assign(process.env, env);
  // Each reports that it is ready, and resolves only after the request to end.
  const ready = Promise.withResolvers<void>();
  process.send = () => {
    ready.resolve();
    return true;
  };
  await Promise.race([ready.promise, import(`${pathToFileURL(RUSH_ROOT).href}/src/processes/${file}`)]);
}
tell?.({ ready: true });
