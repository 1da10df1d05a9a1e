import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse as parseDocument, validate } from 'graphql';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { schema } from '#schema/index.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(resolve(root, path), 'utf8');
type Service = { environment?: Record<string, unknown> };
const { services } = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };

/** What the compose file decides by itself, or what has no meaning in a container. */
const decidedThere =
  /^(HOST|PAYMENTS_PORT|METRICS_HOST|METRICS_PORT|DATABASE_URL|PAYMENTS_DATABASE_URL|REDIS_URL|TYPESENSE_URL|GATEWAY_HOST|GATEWAY_DATA)$/;

test('what .env.example has reaches the containers', () => {
  const compose = read('docker-compose.yml');
  const names = [...read('.env.example').matchAll(/^(?:# )?([A-Z][A-Z_]+)=/gm)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(30);
  const missing = names.filter((name) => !decidedThere.test(name) && !new RegExp(`\\b${name}\\b`).test(compose));
  expect(missing).toEqual([]);
});

test('the profile and the exceptions reach every process of ours', () => {
  for (const name of ['api', 'payments', 'relay', 'worker', 'gateway-sandbox'])
    expect(Object.keys(services[name]?.environment ?? {}), name).toEqual(
      expect.arrayContaining(['FRONTROW_PROFILE', 'FRONTROW_REHEARSAL']),
    );
});

test('the trusted documents that come along are named by their hashes, and the schema has what they ask for', () => {
  const documents = Object.entries(JSON.parse(read('deploy/trusted-documents/journey.json')) as Record<string, string>);
  expect(documents.length).toBeGreaterThan(5);
  for (const [id, text] of documents) {
    expect(hash('sha256', text)).toBe(id);
    expect(validate(schema, parseDocument(text))).toEqual([]);
  }
});
