import { expect, test } from 'vitest';
import { origins } from './origins.ts';

test('origins as browsers send them are read', () => {
  const text = 'https://tickets.example, http://localhost:3000,https://[::1]:8443,https://xn--bcher-kva.example';
  expect(origins.parse(text)).toEqual([
    'https://tickets.example',
    'http://localhost:3000',
    'https://[::1]:8443',
    'https://xn--bcher-kva.example',
  ]);
  expect(origins.parse('')).toEqual([]);
});

test.each([
  ['*', 'no wildcard'],
  ['https://*.example', 'no wildcard'],
  ['https://tickets.example/', 'no path and no trailing slash. Set https://tickets.example'],
  ['https://tickets.example/shop', 'no path and no trailing slash. Set https://tickets.example'],
  ['https://tickets.example?x=1', 'no path and no trailing slash. Set https://tickets.example'],
  ['https://Tickets.example', 'not as browsers send it. Set https://tickets.example'],
  ['https://tickets.example:443', 'not as browsers send it. Set https://tickets.example'],
  ['https://user:password@tickets.example', 'not as browsers send it. Set https://tickets.example'],
  ['https://bücher.example', 'not as browsers send it. Set https://xn--bcher-kva.example'],
  ['tickets.example', 'not an origin'],
  ['//tickets.example', 'not an origin'],
  ['https:tickets.example', 'not an origin'],
  ['localhost:3000', 'not an origin'],
  ['wss://tickets.example', 'not an origin'],
  ['null', 'not an origin'],
  ['file://', 'not an origin'],
])('%s is refused with what to set', (text, message) => {
  const problems = origins.safeParse(`https://fine.example,${text}`).error?.issues ?? [];
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toContain(`${text}: ${message}`);
});
