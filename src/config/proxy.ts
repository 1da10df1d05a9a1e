import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import type { Network, TrustedProxies } from '#http/client-address.ts';

const MAX_HOPS = 32;
const FIX =
  'the number of proxies in front of the api (0 to 32), or the networks of those proxies: 1, or 10.0.0.0/8,2001:db8::/32';
const SPELLED_OUT: Readonly<Record<string, number>> = { false: 0, true: 1 };

export const trustProxy = z
  .string()
  .default('0')
  .transform((text, context): TrustedProxies => {
    const trusted = hopsOf(text.trim()) ?? networksOf(text);
    if (trusted) return trusted;
    context.addIssue({ code: 'custom', message: FIX });
    return z.NEVER;
  });

function hopsOf(text: string): TrustedProxies | undefined {
  const hops = SPELLED_OUT[text] ?? (/^\d{1,2}$/.test(text) ? Number(text) : undefined);
  return hops !== undefined && hops <= MAX_HOPS ? { kind: 'hops', hops } : undefined;
}

function networksOf(text: string): TrustedProxies | undefined {
  const networks = text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
    .map(networkOf);
  const known = networks.filter((network) => network !== undefined);
  return known.length > 0 && known.length === networks.length ? { kind: 'networks', networks: known } : undefined;
}

function networkOf(text: string): Network | undefined {
  const [, address = '', prefix] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  if (isIP(address) === 0) return undefined;
  const parsed = ipaddr.parse(address);
  const widest = parsed.kind() === 'ipv4' ? 32 : 128;
  const bits = prefix === undefined ? widest : Number(prefix);
  if (bits > widest) return undefined;
  const unwrapped = ipaddr.process(address);
  if (unwrapped.kind() === parsed.kind()) return [unwrapped, bits];
  // `::ffff:10.0.0.0/104` is `10.0.0.0/8`; a prefix under 96 bits would include more than all of IPv4.
  return bits >= 96 ? [unwrapped, bits - 96] : undefined;
}
