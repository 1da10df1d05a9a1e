import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type LockedPackage, shippedPart, supplyChainProblems } from './supply-chain.ts';

const read = (file: string) => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));
const { packages } = read('package-lock.json') as { packages: Record<string, LockedPackage> };
const { allowScripts } = read('package.json') as { allowScripts: Record<string, boolean> };
const problemsWith = (more: Record<string, LockedPackage>) =>
  supplyChainProblems({ packages: { ...packages, ...more } }, allowScripts);

test('the packages of the lockfile are fine', () => {
  expect(problemsWith({})).toEqual([]);
});

test.each([
  ['a licence that binds what is shipped', { 'node_modules/a': { license: 'GPL-3.0' } }, 'a has the licence GPL-3.0'],
  [
    'a licence that is allowed only for tools',
    { 'node_modules/a': { license: 'MPL-2.0' } },
    'a has the licence MPL-2.0',
  ],
  [
    'a second licence that is not allowed',
    { 'node_modules/a': { license: 'MIT AND GPL-3.0' } },
    'a has the licence MIT AND GPL-3.0',
  ],
  ['no licence', { 'node_modules/@of/a': {} }, '@of/a has the licence none'],
  [
    'a script',
    { 'node_modules/a': { license: 'MIT', hasInstallScript: true } },
    'a runs a script when it is installed',
  ],
  ['a second graphql', { 'node_modules/a/node_modules/graphql': { license: 'MIT' } }, 'There are 2 copies of graphql'],
])('reports %s', (_name, more, reason) => {
  expect(problemsWith(more)).toEqual([expect.stringContaining(reason)]);
});

test('a tool that is not shipped may have a weaker licence', () => {
  expect(problemsWith({ 'node_modules/a': { license: 'MPL-2.0', dev: true } })).toEqual([]);
});

test('the bill of materials leaves out development packages, also as dependencies', () => {
  const component = (name: string, properties: { name: string; value: string }[] = []) => ({
    'bom-ref': `${name}@1.0.0`,
    name,
    version: '1.0.0',
    properties,
  });
  const development = [{ name: 'cdx:npm:package:development', value: 'true' }];
  const bill = {
    components: [component('shipped'), component('tool', development)],
    dependencies: [
      { ref: 'root', dependsOn: ['shipped@1.0.0', 'tool@1.0.0'] },
      { ref: 'tool@1.0.0', dependsOn: ['shipped@1.0.0'] },
    ],
  };
  expect(shippedPart(bill)).toEqual({
    components: [component('shipped')],
    dependencies: [{ ref: 'root', dependsOn: ['shipped@1.0.0'] }],
  });
});
