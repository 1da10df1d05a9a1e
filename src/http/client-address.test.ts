import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trustProxy } from '#config/proxy.ts';
import { clientAddress, isLoopback } from './client-address.ts';

function addressOf(setting: string, remoteAddress: string | undefined, forwarded?: string): string {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return clientAddress(trustProxy.parse(setting))({ headers, socket: { remoteAddress } as never });
}

describe('one client is counted as one, however its address is written', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    [' 203.0.113.7 ', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:CB00:7107', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:443', '203.0.113.7'],
    ['2001:db8:1:2::7', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::7]', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::7]:4711', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::7', '2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['::1', '::/64'],
  ])('%s is %s', (written, counted) => {
    expect(addressOf('1', '10.0.0.1', written)).toBe(counted);
    const withoutPort = written.includes(']') || written.includes(':4711') || written.includes(' ');
    if (!withoutPort) expect(addressOf('0', written)).toBe(counted);
  });

  test.each([
    ['127.0.0.1', true],
    ['::1', true],
    ['::ffff:127.0.0.2', true],
    ['203.0.113.7', false],
    ['2001:db8::1', false],
  ])('%s is of this machine: %s', (peer, isOwn) => expect(isLoopback(addressOf('0', peer))).toBe(isOwn));
});

describe('who the client is, behind proxies', () => {
  test.each([
    // setting, peer, X-Forwarded-For, client
    ['0', '10.0.0.1', '203.0.113.7', '10.0.0.1'],
    ['false', '10.0.0.1', '203.0.113.7', '10.0.0.1'],
    ['true', '10.0.0.1', '198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['1', '10.0.0.1', '198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['2', '10.0.0.1', '1.1.1.1, 198.51.100.1, 203.0.113.7', '198.51.100.1'],
    ['2', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['2', '10.0.0.1', undefined, '10.0.0.1'],
    ['1', undefined, '203.0.113.7', '203.0.113.7'],
    ['1', undefined, undefined, ''],
    ['1', '10.0.0.1', '203.0.113.7, unknown', '10.0.0.1'],
    ['2', '10.0.0.1', 'unknown, 203.0.113.7', '203.0.113.7'],
    ['2', '10.0.0.1', '1.1.1.1,, 203.0.113.7', '203.0.113.7'],
    ['10.0.0.0/8', '10.0.0.1', '1.1.1.1, 203.0.113.7, 10.2.3.4', '203.0.113.7'],
    ['10.0.0.0/8', '::ffff:10.0.0.1', '203.0.113.7, 10.2.3.4:80', '203.0.113.7'],
    ['10.0.0.0/8', '192.0.2.9', '203.0.113.7', '192.0.2.9'],
    ['10.0.0.0/8', '10.0.0.1', '10.0.0.2, 10.0.0.3', '10.0.0.2'],
    ['10.0.0.0/8, 2001:db8::/32', '10.0.0.1', '203.0.113.7, 2001:db8::5', '203.0.113.7'],
    ['10.0.0.1,10.0.0.2', '10.0.0.1', '203.0.113.7, 10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['::ffff:10.0.0.0/104', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['::1', '::1', '203.0.113.7', '203.0.113.7'],
  ])('TRUST_PROXY=%s, peer %s, X-Forwarded-For %s: %s', (setting, peer, forwarded, client) => {
    expect(addressOf(setting, peer, forwarded)).toBe(client);
  });

  test('what a client writes before the trusted part never changes who it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('1', '10.0.0.0/8'), (made, setting) => {
        expect(addressOf(setting, '10.0.0.1', `${made},203.0.113.7`)).toBe('203.0.113.7');
      }),
    );
  });

  test('a header of any text gives an address or the last known one, and never throws', () => {
    const part = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string(),
      fc.constantFrom('', '010.1.1.1', '1', '::', '[::', '1.2.3.4:'),
    );
    fc.assert(
      fc.property(fc.array(part), fc.constantFrom('0', '1', '3', '10.0.0.0/8'), (parts, setting) => {
        expect(addressOf(setting, '10.0.0.1', parts.join(','))).toMatch(/^(\d+\.\d+\.\d+\.\d+|[\da-f:]+\/64)$/);
      }),
    );
  });
});

describe('TRUST_PROXY', () => {
  test.each(['-1', '33', 'yes', 'ten', '10.0.0.0/33', '10.0.0', '010.0.0.1', '10.0.0.0/8 10.1.0.0/8', '::/129', ','])(
    '%s is refused, and the message says what to write',
    (setting) => {
      expect(() => trustProxy.parse(setting)).toThrow('the number of proxies in front of the api');
    },
  );
  test('without it no proxy is trusted', () => {
    expect(trustProxy.parse(undefined)).toEqual({ kind: 'hops', hops: 0 });
  });
});
