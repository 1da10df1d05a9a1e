import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { answerText } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { acceptsGzip } from './layouts.ts';

/** The built web client, in memory: some thirty files with half a megabyte. */
export type WebClient = {
  /** Answers a GET of a file or a page of the client. Returns false when the request is for something else. */
  answer(exchange: Exchange): boolean;
};

/** Its scripts and styles are files of its own. Event images may come from this server only. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};
/** Names below this have the hash of their content. */
const HASHED = '/assets/';
/** The seat map for other sites. */
const SHARED = '/seatmap/';

type File = {
  readonly headers: Readonly<Record<string, string>>;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly brotli: Buffer;
  readonly etag: string;
};

/**
 * Reads the files that the build wrote into the folder. Files of other types, such as source maps and the list of trusted
 * documents, are not served.
 *
 * @throws Error when the folder has no `index.html`
 */
export function openWebClient(folder: string): WebClient {
  const files = new Map<string, File>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = `/${name.split(sep).join('/')}`;
    if (TYPES[extname(path)]) files.set(path, readFile(join(folder, name), path));
  }
  const page = files.get('/index.html');
  if (!page) throw new Error(`${folder} has no index.html: npm run web:build makes it.`);
  files.delete('/index.html');
  return {
    answer(exchange) {
      const { request, url } = exchange;
      if (request.method !== 'GET' && request.method !== 'HEAD') return false;
      const file = files.get(url.pathname) ?? (isPage(exchange) ? page : undefined);
      if (!file) return false;
      send(exchange, file);
      return true;
    },
  };
}

/** A person opens an address that only the client's own router knows. A program or an image that is missing gets 404. */
const isPage = ({ request, url }: Exchange): boolean =>
  url.pathname === '/' || (extname(url.pathname) === '' && String(request.headers.accept).includes('text/html'));

function readFile(file: string, path: string): File {
  const plain = readFileSync(file);
  // Pages of other sites load the seat map from here. What it may read there is decided by ALLOWED_ORIGINS.
  const shared = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };
  const headers = {
    'content-type': TYPES[extname(path)] ?? '',
    'content-security-policy': contentSecurityPolicy,
    'cache-control': path.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
    ...(path.startsWith(SHARED) && shared),
  };
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 9 };
  return {
    ...{ headers, plain, gzip: gzipSync(plain), brotli: brotliCompressSync(plain, { params: quality }) },
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
  };
}

function send(
  { request, response, headers: always }: Exchange,
  { headers: own, plain, gzip, brotli, etag }: File,
): void {
  const headers = { ...always, ...own, etag };
  const accepted = request.headers['accept-encoding'];
  if (request.headers['if-none-match']?.includes(etag)) response.writeHead(304, headers).end();
  else if (/\bbr\b/.test(String(accepted))) answerText(response, 200, brotli, { ...headers, 'content-encoding': 'br' });
  else if (acceptsGzip(accepted)) answerText(response, 200, gzip, { ...headers, 'content-encoding': 'gzip' });
  else answerText(response, 200, plain, headers);
}
