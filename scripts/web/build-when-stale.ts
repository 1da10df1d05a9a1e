import { hash } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { readDocuments } from './documents.ts';

const root = resolve(import.meta.dirname, '../..');
const dist = join(root, 'web/dist');
/** In the built folder: which sources it was built from. */
const STAMP = 'sources.sha256';
/** What the build reads. */
const SOURCES = ['web', 'packages/seatmap/src', 'scripts/web', 'package-lock.json'];
const IGNORED = /(^|\/)(dist[^/]*|node_modules)(\/|$)|graphql-env\.d\.ts$|\.test\.ts$/;

/** Returns the seconds that the build took, or undefined when `web/dist` is up to date. */
export async function buildWhenStale(): Promise<number | undefined> {
  const startedAt = performance.now();
  const sources = await digestOfSources();
  if ((await builtFrom()) === sources) return undefined;
  // Built beside and renamed, so that a process that starts meanwhile never sees half of it.
  const made = `${dist}-${process.pid}`;
  try {
    await build({
      root: join(root, 'web'),
      configFile: join(root, 'web/vite.config.ts'),
      logLevel: 'error',
      build: { outDir: made, emptyOutDir: true },
    });
    await buildSeatMap(join(made, 'seatmap'));
    await writeFile(join(made, 'trusted-documents.json'), `${JSON.stringify(await readDocuments(), null, 2)}\n`);
    await writeServiceWorker(made, sources);
    await writeFile(join(made, STAMP), sources);
    await putInPlace(made, sources);
  } finally {
    for (const left of [made, `${made}-before`]) await rm(left, { recursive: true, force: true });
  }
  return (performance.now() - startedAt) / 1000;
}

const builtFrom = (): Promise<string> => readFile(join(dist, STAMP), 'utf8').catch(() => '');

/** Two starts may build at once; the one that comes second leaves the folder of the first, which is the same. */
async function putInPlace(made: string, sources: string): Promise<void> {
  await rename(dist, `${made}-before`).catch(() => undefined);
  await rename(made, dist).catch(async (error: unknown) => {
    if ((await builtFrom()) !== sources) throw error;
  });
}

/** The element as one script that pages of other sites load from the api, with its languages beside it. */
async function buildSeatMap(folder: string): Promise<void> {
  await build({
    root: join(root, 'packages/seatmap'),
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    resolve: { conditions: ['frontrow-source', 'module', 'browser'] },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'es2023',
      minify: true,
      rolldownOptions: {
        input: join(root, 'packages/seatmap/src/define.ts'),
        output: { entryFileNames: 'seatmap.js', chunkFileNames: '[name]-[hash].js' },
      },
      modulePreload: false,
    },
  });
}

async function digestOfSources(): Promise<string> {
  const files = (await Promise.all(SOURCES.map(filesBelow))).flat().sort();
  const texts = await Promise.all(
    files.map(async (file) => `${file} ${hash('sha256', await readFile(join(root, file)))}`),
  );
  return hash('sha256', texts.join('\n'));
}

async function filesBelow(path: string): Promise<string[]> {
  if ((await stat(join(root, path))).isFile()) return [path];
  const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((file) => !IGNORED.test(file));
}

/** The service worker has the list of the files that it keeps, and a name for this build. */
async function writeServiceWorker(folder: string, version: string): Promise<void> {
  const file = join(folder, 'service-worker.js');
  const assets = (await readdir(join(folder, 'assets'))).map((name) => `/assets/${name}`);
  const text = await readFile(file, 'utf8');
  const kept = JSON.stringify(['/', '/icon.svg', ...assets]);
  await writeFile(
    file,
    text.replace("'__VERSION__'", `'${version.slice(0, 16)}'`).replace("'__FILES__'", () => kept),
  );
}
