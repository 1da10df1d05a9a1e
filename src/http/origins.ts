import type { IncomingMessage } from 'node:http';

/** Which pages may call. A program that is no browser sends no Origin and needs no permission of this kind. */
export type Origins = {
  allows(origin: string | undefined): boolean;
  /** As `allows`, for who is about to be refused: a refused origin is logged, once, with what to set. */
  admits(origin: string | undefined): boolean;
  /** The headers by which a browser lets an allowed page read the answer. */
  corsHeaders(request: IncomingMessage): Record<string, string>;
};

type Options = {
  readonly allowed: readonly string[];
  /** Where our own pages are served from. */
  readonly own: () => readonly string[];
  /** Pages of this machine on any port, as development servers have them. */
  readonly allowsLocalhost: boolean;
  readonly log: { warn(fields: object, message: string): void };
};

/** What clients send besides what a browser always lets through: ours, Apollo's, and those of tracing and Sentry. */
const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'frontrow-admission',
  'frontrow-place',
  'x-request-id',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
  'apollographql-client-name',
  'apollographql-client-version',
  'x-apollo-operation-name',
  'apollo-require-preflight',
].join(', ');

const LOCALHOST = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;
/** A page can send any number of names. */
const LOGGED_AT_MOST = 100;
const LOGGED_LENGTH = 200;

/** The Host header is not asked: a page on a name that was made to point to this machine would choose it. */
export function openOrigins({ allowed, own, allowsLocalhost, log }: Options): Origins {
  const logged = new Set<string>();
  const allows = (origin: string | undefined): boolean =>
    origin === undefined ||
    allowed.includes(origin) ||
    own().includes(origin) ||
    (allowsLocalhost && LOCALHOST.test(origin));
  const allowedNow = (): string[] => [
    ...own(),
    ...allowed,
    ...(allowsLocalhost ? ['localhost, 127.0.0.1 and [::1] on any port'] : []),
  ];
  const logRefused = (origin: string): void => {
    if (logged.has(origin) || logged.size >= LOGGED_AT_MOST) return;
    logged.add(origin);
    const isOrigin = URL.parse(origin)?.origin === origin;
    const fix = isOrigin
      ? `If its pages may call, set ALLOWED_ORIGINS=${[...allowed, origin].join(',')}`
      : 'This origin cannot be allowed, because the page is a file or in a sandbox.';
    log.warn(
      { origin: origin.slice(0, LOGGED_LENGTH), allowed: allowedNow(), fix: fix.slice(0, 2_000) },
      'a page of another origin was refused',
    );
  };
  return {
    allows,
    admits(origin) {
      if (origin === undefined || allows(origin)) return true;
      logRefused(origin);
      return false;
    },
    corsHeaders({ headers: { origin } }) {
      if (origin === undefined || !allows(origin)) return { vary: 'origin' };
      return {
        vary: 'origin',
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET, POST, OPTIONS',
        'access-control-allow-headers': ALLOWED_HEADERS,
        'access-control-expose-headers': 'x-request-id, retry-after',
        'access-control-max-age': '600',
      };
    },
  };
}

/** Where a server on this host and port is reached by a browser on the same machine. */
export function originsOf(options: { host: string; port: number; publicUrl: string | undefined }): string[] {
  const loopback = ['localhost', '127.0.0.1', '[::1]'].map((name) => `http://${name}:${options.port}`);
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return [
    ...loopback,
    `http://${host}:${options.port}`,
    ...(options.publicUrl ? [new URL(options.publicUrl).origin] : []),
  ];
}
