import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { answerText } from './answer.ts';
import { examples } from './graphiql-examples.ts';
import type { Exchange } from './graphql-http.ts';
import { acceptsGzip } from './layouts.ts';

const gzipAsync = promisify(gzip);

/** GraphiQL's own page runs what it brings along, and talks to this server only. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval' blob:",
  "style-src 'unsafe-inline'",
  'worker-src blob:',
  'img-src data: blob:',
  'font-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * GraphiQL moves a tab aside as soon as it has the focus, to where it was before the tabs had their titles: the button
 * is not under the pointer any more when it is released, and a click on a tab does nothing.
 */
const tabsStayWhereTheyAre = '.graphiql-tab { transform: none !important; }';

const headers = JSON.stringify({ Authorization: 'Bearer ' }, null, 2);

/**
 * The page of GraphiQL with everything in it: it loads nothing from anywhere else. Subscriptions go over server-sent
 * events, where the headers editor is sent as it is with queries; a WebSocket could only take the token once, when it
 * is opened.
 */
function page(): string {
  const html = renderGraphiQL({
    // Its fetcher would GET subscriptions, and a GET runs trusted documents only.
    method: 'POST',
    title: 'Frontrow',
    endpoint: '/graphql',
    subscriptionsProtocol: 'SSE',
    defaultHeaders: headers,
    headers,
    shouldPersistHeaders: true,
    isHeadersEditorEnabled: true,
    defaultEditorToolsVisibility: 'headers',
    defaultTabs: examples.map(({ query, variables }) => ({ query, variables: variables ?? null, headers })),
  });
  return html.replace('</head>', () => `<style>${tabsStayWhereTheyAre}</style></head>`);
}

let rendered: Promise<{ html: string; gzipped: Buffer }> | undefined;

async function render() {
  const html = page();
  return { html, gzipped: await gzipAsync(html) };
}

/** Nine megabytes are written once and sent as two. */
export async function answerGraphiql({ request, response, headers: common }: Exchange): Promise<void> {
  rendered ??= render();
  const { html, gzipped } = await rendered;
  const zipped = acceptsGzip(request.headers['accept-encoding']);
  answerText(response, 200, zipped ? gzipped : html, {
    ...common,
    'content-security-policy': contentSecurityPolicy,
    'content-type': 'text/html; charset=utf-8',
    vary: 'accept-encoding',
    ...(zipped && { 'content-encoding': 'gzip' }),
  });
}

/** What a browser sends when a person opens the address. */
export const wantsPage = ({ request }: Exchange): boolean =>
  request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
