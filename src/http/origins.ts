import type { IncomingMessage } from 'node:http';

/** Which pages may call. A program that is no browser sends no Origin and needs no permission of this kind. */
export type Origins = {
  allows(origin: string | undefined): boolean;
  /** The headers by which a browser lets an allowed page read the answer. */
  corsHeaders(request: IncomingMessage): Record<string, string>;
};

/**
 * `own` is where our own pages are served from. The Host header is not asked: a page on a name that was made to point
 * to this machine would choose it.
 */
export function openOrigins(options: { allowed: readonly string[]; own: () => readonly string[] }): Origins {
  const allows = (origin: string | undefined): boolean =>
    origin === undefined || options.allowed.includes(origin) || options.own().includes(origin);
  return {
    allows,
    corsHeaders({ headers: { origin } }) {
      if (origin === undefined || !allows(origin)) return { vary: 'origin' };
      return {
        vary: 'origin',
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET, POST, OPTIONS',
        'access-control-allow-headers': 'authorization, content-type, frontrow-admission, frontrow-place, x-request-id',
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
