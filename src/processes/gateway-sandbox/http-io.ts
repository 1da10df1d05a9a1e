import type { IncomingMessage, ServerResponse } from 'node:http';
import { Problem } from './problem.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** @throws Problem 413 as soon as more than 64 KiB have arrived, with or without a Content-Length */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Problem(413, 'too_large', 'The body is larger than 64 KiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws Problem 400 when it is not JSON */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Problem(400, 'invalid_request_error', 'The body is not JSON.');
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { ...safeHeaders, 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

/** Only the style and script with this `nonce` may run. The page loads nothing else, and no site may frame it. */
export function sendHtml(response: ServerResponse, status: number, page: { html: string; nonce: string }): void {
  const csp = `default-src 'none'; style-src 'nonce-${page.nonce}'; script-src 'nonce-${page.nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
  response.writeHead(status, {
    ...safeHeaders,
    // With `no-referrer` a browser would send `Origin: null` for the page's own form.
    'referrer-policy': 'same-origin',
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': csp,
  });
  response.end(page.html);
}

const safeHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};
