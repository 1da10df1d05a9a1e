import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { shouldRenderGraphiQL } from 'graphql-yoga';
import { examples } from './graphiql-examples.ts';
import type { HttpPlugin } from './http-plugin.ts';
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

/** A line at the bottom, out of the way of the editors. */
const sessionLine =
  '#frontrow-session { position: fixed; right: 12px; bottom: 4px; font: 11px sans-serif; color: #667; pointer-events: none; }';

/** In the head, because GraphiQL takes the page's `fetch` when it is loaded. */
const sessionScript = readFileSync(new URL('./graphiql-session.js', import.meta.url), 'utf8');

/**
 * The page of GraphiQL with everything in it: it loads nothing from anywhere else. Subscriptions go over server-sent
 * events, where the headers editor is sent as it is with queries; a WebSocket could only take the token once, when it
 * is opened.
 */
function page(): string {
  const html = renderGraphiQL({
    // Its fetcher would GET subscriptions.
    method: 'POST',
    title: 'Frontrow',
    endpoint: '/graphql',
    subscriptionsProtocol: 'SSE',
    shouldPersistHeaders: true,
    isHeadersEditorEnabled: true,
    defaultEditorToolsVisibility: 'variables',
    defaultTabs: examples.map(({ query, variables }) => ({ query, variables: variables ?? null, headers: null })),
  });
  const head = `<style>${tabsStayWhereTheyAre} ${sessionLine}</style><script>${sessionScript}</script></head>`;
  return html.replace('</head>', () => head);
}

let rendered: Promise<{ html: string; gzipped: Buffer }> | undefined;

async function render() {
  const html = page();
  return { html, gzipped: await gzipAsync(html) };
}

/** Shows GraphiQL to a person who opens the address in a browser. Nine megabytes are written once and sent as two. */
export function useGraphiqlPage(): HttpPlugin {
  return {
    async onRequest({ request, endResponse }) {
      if (!shouldRenderGraphiQL(request)) return;
      rendered ??= render();
      const { html, gzipped } = await rendered;
      const isZipped = acceptsGzip(request.headers.get('accept-encoding') ?? undefined);
      endResponse(
        new Response(isZipped ? new Uint8Array(gzipped) : html, {
          headers: {
            'content-security-policy': contentSecurityPolicy,
            'content-type': 'text/html; charset=utf-8',
            vary: 'accept-encoding',
            ...(isZipped && { 'content-encoding': 'gzip' }),
          },
        }),
      );
    },
  };
}
