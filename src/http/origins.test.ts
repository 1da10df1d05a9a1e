import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { openOrigins } from './origins.ts';

type Line = { origin: string; fix: string };

function opened({ isDevelopment = false } = {}) {
  const lines: Line[] = [];
  const origins = openOrigins({
    allowed: ['https://shop.example'],
    own: () => ['https://tickets.example'],
    allowsLocalhost: isDevelopment,
    log: { warn: (fields) => lines.push(fields as Line) },
  });
  return { origins, lines };
}

const local = [
  'http://localhost',
  'http://localhost:3000',
  'https://localhost:8443',
  'http://127.0.0.1:5173',
  'http://[::1]:5173',
];
const foreign = [
  'null',
  '',
  'https://evil.example',
  'https://shop.example.evil.example',
  'https://shop.example/',
  'http://localhost.evil.example:3000',
  'http://evil.example/#http://localhost:3000',
  'http://localhost:3000@evil.example',
  'http://localhost:3000/',
  'http://127.0.0.1.evil.example',
  'http://127.0.0.2:3000',
  'file://localhost',
];

test.each(local)('development admits %s, production does not', (origin) => {
  expect(opened({ isDevelopment: true }).origins.admits(origin)).toBe(true);
  expect(opened().origins.admits(origin)).toBe(false);
});

test.each(foreign)('%j is refused in each profile', (origin) => {
  for (const isDevelopment of [true, false]) expect(opened({ isDevelopment }).origins.admits(origin)).toBe(false);
});

test('our own pages, the allowed ones and programs without an origin are admitted', () => {
  const { origins, lines } = opened();
  for (const origin of ['https://tickets.example', 'https://shop.example', undefined])
    expect(origins.admits(origin)).toBe(true);
  expect(lines).toEqual([]);
});

test('a refused origin is logged once, with what to set', () => {
  const { origins, lines } = opened();
  for (const origin of ['https://new.example', 'https://new.example', 'null', 'https://new.example'])
    origins.admits(origin);
  expect(lines).toEqual([
    {
      origin: 'https://new.example',
      allowed: ['https://tickets.example', 'https://shop.example'],
      fix: 'If its pages may call, set ALLOWED_ORIGINS=https://shop.example,https://new.example',
    },
    { origin: 'null', allowed: expect.any(Array), fix: expect.stringContaining('This origin cannot be allowed') },
  ]);
});

test('names without end fill neither the log nor a line', () => {
  const { origins, lines } = opened();
  for (let no = 0; no < 1_000; no++) origins.admits(`https://${'x'.repeat(9_000)}${no}.example`);
  expect(lines.length).toBe(100);
  for (const line of lines) expect(JSON.stringify(line).length).toBeLessThan(2_300);
});

test('a preflight names the headers that clients send', () => {
  const { origins } = opened();
  const request = { headers: { origin: 'https://shop.example' } } as IncomingMessage;
  const allowed = origins.corsHeaders(request)['access-control-allow-headers']?.split(', ');
  expect(allowed).toEqual(
    expect.arrayContaining([
      'authorization',
      'content-type',
      'traceparent',
      'baggage',
      'sentry-trace',
      'apollographql-client-name',
      'apollographql-client-version',
      'x-apollo-operation-name',
      'apollo-require-preflight',
    ]),
  );
});
