import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readPlugins } from './plug-ins.ts';

const folder = await mkdtemp(join(tmpdir(), 'frontrow-plug-ins-'));
afterAll(() => rm(folder, { recursive: true }));

async function read(name: string, text: string) {
  const path = join(folder, name);
  await writeFile(path, text);
  const { plugins, problems } = await readPlugins({ PLUGINS: path });
  return { plugins, problems: problems.map(({ name, message }) => `${name}: ${message.replace(path, '<path>')}`) };
}

test('loads the plug-ins of a module, and none without the setting', async () => {
  expect(await readPlugins({})).toEqual({ plugins: [], problems: [] });
  const { plugins, problems } = await read('good.ts', 'export const plugins = [{ onExecute(): void {} }];');
  expect(problems).toEqual([]);
  expect(plugins).toMatchObject([{ onExecute: expect.any(Function) }]);
});

test('the recipe of the documentation is a module of plug-ins', async () => {
  const path = new URL('../../../docs/examples/usage-reporter.ts', import.meta.url).pathname;
  expect(await readPlugins({ PLUGINS: path })).toMatchObject({ plugins: [{}], problems: [] });
});

test.each([
  ['not-a-list.ts', 'export const plugins = {};', 'PLUGINS: <path> has no plug-ins: export a list `plugins`'],
  ['empty.ts', 'export const plugins = [];', 'PLUGINS: <path> has no plug-ins: export a list `plugins`'],
  [
    'misspelt.ts',
    'export const plugins = [{ onExecution() {} }];',
    'PLUGINS: <path> has no plug-in at 0 (the hook onExecution does not exist): export a list `plugins`',
  ],
  ['function.ts', 'export const plugins = [() => ({})];', 'PLUGINS: <path> has no plug-in at 0 (it is a function)'],
  ['hookless.ts', 'export const plugins = [{ name: "x" }];', 'PLUGINS: <path> has no plug-in at 0 (it has no hook)'],
  ['broken.ts', 'throw new Error("no licence");', 'PLUGINS: <path> cannot be loaded (no licence): name a TypeScript'],
])('%s is refused with the fix', async (name, text, message) => {
  const { plugins, problems } = await read(name, text);
  expect(plugins).toEqual([]);
  expect(problems).toEqual([expect.stringContaining(message)]);
});

test('a file that does not exist is refused with the fix', async () => {
  const { problems } = await readPlugins({ PLUGINS: './no-such-file.ts' });
  expect(problems).toMatchObject([{ name: 'PLUGINS', message: expect.stringContaining('cannot be loaded') }]);
});
