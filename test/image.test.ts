import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copiedPaths, copyImage, ignoredBy, imageFiles, PRODUCTION, SANDBOX } from '#test/support/system/image.ts';

const root = resolve(import.meta.dirname, '..');
let folder: string;
let files: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontrow-production-'));
  files = await imageFiles(PRODUCTION);
  await copyImage(PRODUCTION, folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the production image has the processes, and nothing that only serves development and tests', () => {
  expect(files).toEqual(expect.arrayContaining(['src/processes/api.ts', 'src/processes/frontrow.ts', 'package.json']));
  expect(files.length).toBeGreaterThan(300);
  const forbidden = /^src\/processes\/(dev|gateway-sandbox)(\/|\.ts$)|\.(test|conformance)\.ts$|^(test|bench|docs)\//;
  expect(files.filter((file) => forbidden.test(file))).toEqual([]);
  expect(existsSync(join(root, 'src/processes/dev/main.ts'))).toBe(true);
});

test('an ignore file is read as docker reads it', () => {
  const isIgnored = ignoredBy('.dockerignore');
  const paths = [
    'src/processes/dev/main.ts',
    'src/a.test.ts',
    'a.test.ts',
    'src/processes/devices.ts',
    'src/docs/a.ts',
  ];
  expect(paths.map(isIgnored)).toEqual([true, true, true, false, false]);
});

const IMPORTS = /(?:\bfrom|\bimport) ?\(?'((?:\.|#)[^']+)'/g;
const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { imports: Record<string, string> };

/** The file of the repository that an import names. */
function importedFile(from: string, specifier: string): string {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier));
  const exact = imports[specifier];
  const [prefix = '', target = ''] =
    Object.entries(imports).find(([name]) => specifier.startsWith(name.slice(0, -1))) ?? [];
  return normalize(exact ?? target.replace('*', specifier.slice(prefix.length - 1)));
}

test.each([PRODUCTION, SANDBOX])(
  'no file of the image of $dockerfile imports a file that it does not have',
  async (image) => {
    const present = await imageFiles(image);
    const known = new Set(present);
    const missing = present
      .filter((file) => /^src\/.*\.ts$/.test(file))
      .flatMap((file) =>
        [...readFileSync(join(root, file), 'utf8').matchAll(IMPORTS)]
          .map(([, specifier = '']) => importedFile(file, specifier))
          .filter((target) => !known.has(target))
          .map((target) => `${file} imports ${target}`),
      );
    expect(known.size).toBeGreaterThan(300);
    expect(missing).toEqual([]);
  },
);

type Ended = { readonly code: number; readonly text: string };
const start = (file: string, ...args: string[]): Promise<Ended> =>
  new Promise((done) => {
    execFile(
      process.execPath,
      [join(folder, file), ...args],
      { cwd: folder, env: {}, timeout: 25_000 },
      (error, out, err) => done({ code: error ? Number(error.code) : 0, text: out + err }),
    );
  });

test('the entry point for operators starts in the image', async () => {
  const { code, text } = await start('src/processes/frontrow.ts', '--help');
  expect(text).toContain('usage: frontrow <command>');
  expect(code).toBe(0);
});

test.each(['api', 'worker', 'payments', 'relay'])(
  '%s loads all its modules in the image, and asks for its settings',
  async (name) => {
    const { code, text } = await start(`src/processes/${name}.ts`);
    expect(text).toContain('DATABASE_URL');
    expect(text).not.toMatch(/ERR_MODULE_NOT_FOUND|Cannot find/);
    expect(code).toBe(1);
  },
);

test('the image of the gateway for development is like the production image, with its own process', async () => {
  const lines = (file: string) => readFileSync(join(root, file), 'utf8').split('\n');
  const from = (file: string) => lines(file).findLast((line) => line.startsWith('FROM '));
  expect(from(SANDBOX.dockerfile)).toBe(from(PRODUCTION.dockerfile));
  expect(copiedPaths(PRODUCTION.dockerfile)).toEqual(expect.arrayContaining(copiedPaths(SANDBOX.dockerfile)));
  const more = (await imageFiles(SANDBOX)).filter((file) => !files.includes(file));
  expect(more).toContain('src/processes/gateway-sandbox.ts');
  expect(more.filter((file) => !/^src\/processes\/gateway-sandbox(\/|\.ts$)/.test(file))).toEqual([]);
});
