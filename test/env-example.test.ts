import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import * as api from '#config/api.ts';
import * as payments from '#config/payments.ts';
import * as relay from '#config/relay.ts';
import * as tools from '#config/tools.ts';
import * as worker from '#config/worker.ts';
import { parseSandboxSettings } from '#processes/gateway-sandbox/settings.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';

const root = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');
const configuration = readdirSync(resolve(root, 'src/config'))
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => read(`src/config/${file}`))
  .join('\n');
const example = parseEnv(read('.env.example')) as Record<string, string>;
const madeByTheReader = (name: string) => {
  if (name.endsWith('_PRIVATE_KEY')) return newPrivateKey();
  return name === 'ADMISSION_KEYS' ? 'k1:made-by-the-reader-and-long-enough' : 'made-by-the-reader';
};
const filledIn = Object.fromEntries(
  Object.entries(example).map(([name, value]) => [name, value === '' ? madeByTheReader(name) : value]),
);
const parsers = Object.entries({ ...api, ...payments, ...relay, ...tools, ...worker, parseSandboxSettings }).filter(
  ([name]) => name.startsWith('parse'),
) as [string, (env: Record<string, string>) => unknown][];

test.each(parsers)('.env.example, its empty names filled in, satisfies %s', (_name, parse) => {
  parse(filledIn);
  expect(() => parse({})).toThrow();
});

test('a process or the compose file reads every name in .env.example', () => {
  const readers = configuration + read('src/processes/gateway-sandbox/settings.ts') + read('docker-compose.yml');
  expect(Object.keys(example).filter((name) => !new RegExp(`\\b${name}\\b`).test(readers))).toEqual([]);
});

test('.env.example has every name that the configuration reads', () => {
  const names = configuration.match(/^ +[A-Z][A-Z_]+(?=: )/gm)?.map((name) => name.trim()) ?? [];
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !new RegExp(`^(# )?${name}=`, 'm').test(read('.env.example')))).toEqual([]);
});
