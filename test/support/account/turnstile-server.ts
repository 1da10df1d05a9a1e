import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type Token = { validUntilMs: number; validatedWith: string | undefined };
type Fault = 'none' | 'internal-error' | 'hang-up after validating' | 'an error page';

export type TurnstileServer = {
  readonly url: string;
  /** A token as the widget of a page on this host returns it. */
  token(hostname?: string): string;
  /** All tokens are older than Cloudflare accepts. */
  age(): void;
  /** The failure of this many next requests. */
  fail(fault: Fault, times: number): void;
  /** The fields of each request. */
  readonly requests: readonly Record<string, string>[];
  close(): Promise<void>;
};

const HOSTNAME = 'tickets.example';

/**
 * `POST /turnstile/v0/siteverify` as Cloudflare documents it: form or JSON in, JSON out; a token is valid for 300 s
 * and once, and again with the same idempotency key.
 */
export async function openTurnstileServer(secret: string): Promise<TurnstileServer> {
  const tokens = new Map<string, Token & { hostname: string }>();
  const requests: Record<string, string>[] = [];
  const fault = { kind: 'none' as Fault, times: 0 };

  const verdictOn = (fields: Record<string, string>) => {
    const refused = (code: string) => ({ success: false, 'error-codes': [code], messages: [] });
    if (!fields.secret) return refused('missing-input-secret');
    if (fields.secret !== secret) return refused('invalid-input-secret');
    if (!fields.response) return refused('missing-input-response');
    const token = tokens.get(fields.response);
    if (!token) return refused('invalid-input-response');
    const isRetry = token.validatedWith !== undefined && token.validatedWith === fields.idempotency_key;
    if (token.validUntilMs < Date.now() || (token.validatedWith !== undefined && !isRetry))
      return refused('timeout-or-duplicate');
    token.validatedWith = fields.idempotency_key ?? 'none';
    return {
      success: true,
      'error-codes': [],
      challenge_ts: new Date().toISOString(),
      hostname: token.hostname,
      action: '',
      cdata: '',
      metadata: { interactive: false },
    };
  };

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'POST' || request.url !== '/turnstile/v0/siteverify')
      return void response.writeHead(404).end();
    const fields = fieldsOf(request.headers['content-type'], await text(request));
    requests.push(fields);
    const kind = fault.times-- > 0 ? fault.kind : 'none';
    if (kind === 'an error page') return void response.writeHead(502).end('<html>Bad gateway</html>');
    const verdict =
      kind === 'internal-error' ? { success: false, 'error-codes': ['internal-error'] } : verdictOn(fields);
    if (kind === 'hang-up after validating') return void request.socket.destroy();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(verdict));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/turnstile/v0/siteverify`,
    token(hostname = HOSTNAME) {
      const token = `0.${randomBytes(120).toString('base64url')}`;
      tokens.set(token, { validUntilMs: Date.now() + 300_000, validatedWith: undefined, hostname });
      return token;
    },
    age() {
      for (const token of tokens.values()) token.validUntilMs -= 300_001;
    },
    fail(kind, times) {
      Object.assign(fault, { kind, times });
    },
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function fieldsOf(contentType: string | undefined, body: string): Record<string, string> {
  if (contentType?.startsWith('application/json')) return JSON.parse(body) as Record<string, string>;
  return Object.fromEntries(new URLSearchParams(body));
}
