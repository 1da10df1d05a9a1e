import { createServer } from 'node:net';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { isOutage, outageOf } from './outages.ts';

const sqlState = (code: string) => Object.assign(new postgres.PostgresError('no'), { code });
const coded = (code: string) => Object.assign(new Error('it failed'), { code });
/** As Drizzle, fetch and ioredis wrap the errors below them. */
const wrapped = (error: Error) => new Error('Failed query', { cause: new Error('again', { cause: error }) });

test.each([
  ['name-resolution', ['ENOTFOUND', 'EAI_AGAIN']],
  ['unreachable', ['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'CONNECT_TIMEOUT', 'UND_ERR_SOCKET']],
  [
    'tls',
    [
      'CERT_HAS_EXPIRED',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'EPROTO',
    ],
  ],
  ['disk-full', ['ENOSPC']],
  ['credentials', ['PLT_KFK_AUTHENTICATION']],
])('%s is recognized by its code, at any depth of causes', (cause, codes) => {
  for (const code of codes) {
    expect(outageOf(coded(code))).toMatchObject({ cause, detail: code });
    expect(outageOf(wrapped(coded(code)))).toMatchObject({ cause, detail: code });
    expect(outageOf(new AggregateError([coded(code)], 'several addresses'))?.cause).toBe(cause);
    expect(isOutage(wrapped(coded(code)))).toBe(true);
  }
});

test.each([
  ['credentials', ['28P01', '28000']],
  ['missing-database', ['3D000']],
  ['permission', ['42501']],
  ['read-only', ['25006']],
  ['disk-full', ['53100']],
  ['out-of-memory', ['53200']],
  ['too-many-connections', ['53300']],
  ['not-ready', ['57P01', '57P02', '57P03']],
  ['unreachable', ['08000', '08006', '08P01']],
  ['storage', ['58000', '58030', 'XX001']],
  ['busy', ['55P03', '57014', '40001', '40P01', '53400']],
])('%s is recognized by PostgreSQL’s error code', (cause, codes) => {
  for (const code of codes) {
    expect(outageOf(wrapped(sqlState(code)))).toMatchObject({ cause, detail: code });
    expect(isOutage(sqlState(code))).toBe(true);
  }
});

test.each([
  ['credentials', ['WRONGPASS invalid username-password pair', 'NOAUTH Authentication required.']],
  ['permission', ["NOPERM this user has no permissions to run the 'set' command"]],
  ['out-of-memory', ["OOM command not allowed when used memory > 'maxmemory'."]],
  ['storage', ['MISCONF Redis is configured to save RDB snapshots']],
  ['read-only', ["READONLY You can't write against a read only replica."]],
  [
    'not-ready',
    ['LOADING Redis is loading', 'CLUSTERDOWN The cluster is down', 'MOVED 1 a:1', 'NOREPLICAS Not enough'],
  ],
  ['unreachable', ['Command timed out', 'Connection is closed.']],
])('%s is recognized by Redis’s reply', (cause, replies) => {
  for (const reply of replies) expect(outageOf(new Error(reply))?.cause).toBe(cause);
});

test('errors of the statement, its values or our code are not outages', () => {
  const faults = [
    sqlState('22P05'),
    sqlState('23505'),
    sqlState('42601'),
    new TypeError('x is not a function'),
    new RangeError('Invalid time value'),
    coded('ERR_INVALID_ARG_TYPE'),
    'a text',
    undefined,
    new Error('ERR unknown command'),
    Object.assign(new Error('bad request'), { httpStatus: 400 }),
  ];
  for (const fault of faults) expect(outageOf(fault)).toBeUndefined();
});

test('a missing table keeps messages waiting, but is not an outage for clients', () => {
  expect(outageOf(sqlState('42P01'))?.cause).toBe('missing-schema');
  expect(isOutage(sqlState('42P01'))).toBe(false);
});

test('a host without an address, and a port without TLS, are outages as the drivers report them', async () => {
  const nowhere = postgres('postgres://no-such-host.invalid/db', { max: 1 });
  const failure = await nowhere`select 1`.catch((error: unknown) => error);
  expect(outageOf(failure)?.cause).toBe('name-resolution');
  await nowhere.end();
  expect(outageOf(await fetch('http://no-such-host.invalid/').catch((error: unknown) => error))?.cause).toBe(
    'name-resolution',
  );
  const plain = createServer((socket) => socket.end('no TLS here'));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const address = plain.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const tls = await fetch(`https://127.0.0.1:${port}/`).catch((error: unknown) => error);
  expect(outageOf(tls)?.cause).toBe('tls');
  plain.close();
});
