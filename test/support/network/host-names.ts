import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Loaded into a process by NODE_OPTIONS=--import: names that end with `.test` resolve to this machine while the file
 * in FRONTROW_TEST_HOSTS lists them, and otherwise not at all. Only Node's resolver is replaced.
 */
const file = process.env.FRONTROW_TEST_HOSTS;
const lookup = dns.lookup;

type Answer = (error: Error | null, address?: unknown, family?: number) => void;

function lookUp(host: string, options: unknown, answer?: unknown): void {
  const [own, callback] = (typeof options === 'function' ? [{}, options] : [options, answer]) as [
    { all?: boolean },
    Answer,
  ];
  if (!host.endsWith('.test')) {
    Reflect.apply(lookup, dns, [host, own, callback]);
    return;
  }
  const isKnown = file !== undefined && readFileSync(file, 'utf8').split('\n').includes(host);
  queueMicrotask(() => {
    if (!isKnown) callback(noAddress(host));
    else if (own.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(null, '127.0.0.1', 4);
  });
}

/** The error as Node makes it. */
const noAddress = (hostname: string): Error =>
  Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    errno: -3008,
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname,
  });

Object.assign(dns, { lookup: lookUp });
syncBuiltinESMExports();
