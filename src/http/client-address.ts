import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Which addresses of `X-Forwarded-For` were written by our own proxies: the last `hops`, or those of our networks. */
export type TrustedProxies =
  | { readonly kind: 'hops'; readonly hops: number }
  | { readonly kind: 'networks'; readonly networks: readonly Network[] };

/** An address, unwrapped if it is an IPv4 one in IPv6, and the length of its prefix. */
export type Network = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

/** The client's address in the form that every limit counts by; empty when the peer has none (a UNIX socket). */
export type AddressOf = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string;

/**
 * Reads `X-Forwarded-For` from its end, where trusted proxies wrote, and only as far as proxies are trusted: the client may
 * have invented the entries before that. An entry that is not an address ends the reading at the proxy that wrote it.
 */
export function clientAddress(trusted: TrustedProxies): AddressOf {
  return ({ headers, socket }) => {
    let client = parse(socket.remoteAddress ?? '');
    const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
    for (let hop = 0; forwarded.length > 0 && isTrusted(trusted, client, hop); hop++) {
      const next = parse(forwarded.pop() ?? '');
      if (!next) break;
      client = next;
    }
    return client ? countedAs(client) : '';
  };
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A number of hops is trusted with any entry. A peer on a UNIX socket is a proxy of the same machine. */
function isTrusted(trusted: TrustedProxies, address: Address | undefined, hop: number): boolean {
  if (trusted.kind === 'hops') return hop < trusted.hops;
  if (!address) return true;
  return trusted.networks.some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network as never, bits),
  );
}

/** `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::7`, `[2001:db8::7]`, `[2001:db8::7]:443`, `::ffff:203.0.113.7`. */
function parse(text: string): Address | undefined {
  const trimmed = text.trim();
  const [, inBrackets] = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(trimmed) ?? [];
  const [, withPort] = /^([\d.]+):\d{1,5}$/.exec(trimmed) ?? [];
  const address = (inBrackets ?? withPort ?? trimmed).replace(/%.*$/, '');
  return isIP(address) === 0 ? undefined : ipaddr.process(address);
}

/** A household has a whole IPv6 /64, and any of its programs may take any address of it. */
function countedAs(address: Address): string {
  if (address.kind() === 'ipv4') return address.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/64`);
  return `${network.toString()}/64`;
}

/** Of this machine: `127.0.0.0/8` and `::1`. */
export const isLoopback = (countedAddress: string): boolean =>
  countedAddress.startsWith('127.') || countedAddress === '::/64';
