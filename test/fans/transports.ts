import { asEvents, hasResult } from './event-stream.ts';
import { send } from './graphql-http.ts';
import { openConversation } from './graphql-socket.ts';

export type Asked = { readonly query: string; readonly variables: object; readonly token?: string | undefined };

/** An answer with every byte of it, and the same without the parts that differ between any two requests. */
export type RawAnswer = { readonly bytes: string; readonly meaning: string };
export type Transport = (apiUrl: string, asked: Asked) => Promise<RawAnswer>;

const withoutRequestId = (text: string) => text.replaceAll(/"requestId":"[^"]*"/g, '"requestId":""');
const bearer = (token: string | undefined) => (token === undefined ? {} : { authorization: `Bearer ${token}` });

async function overFetch(apiUrl: string, accept: { accept: string }, asked: Asked): Promise<RawAnswer> {
  const { query, variables, token } = asked;
  const headers = { ...accept, ...bearer(token) };
  const response = await send(apiUrl, { query, variables }, { headers, signal: AbortSignal.timeout(20_000) });
  let body = '';
  for await (const chunk of response.body ?? []) {
    body += Buffer.from(chunk).toString();
    // Leaving the loop ends an open subscription.
    if (hasResult(body)) break;
  }
  const meaning = withoutRequestId(`${response.status} ${body.replaceAll(/^:.*\n\n/gm, '')}`);
  return { bytes: `${JSON.stringify([...response.headers])}${body}`, meaning };
}

const overHttp: Transport = (apiUrl, asked) => overFetch(apiUrl, { accept: 'application/json' }, asked);
const overEventStream: Transport = (apiUrl, asked) => overFetch(apiUrl, asEvents, asked);

/** A socket for one operation, closed after the first message that it receives. */
const overWebSocket: Transport = async (apiUrl, { query, variables, token }) => {
  const told = Promise.withResolvers<void>();
  const listener = listen(apiUrl, { operations: [{ query, variables }], token }, () => told.resolve());
  await told.promise;
  const bytes = listener.heard();
  await listener.close();
  // A `complete` may come before the socket is closed, or after.
  const lines = bytes.split('\n');
  const first = lines.findIndex((line) => /"type":"(?:next|error)"|^(?:closed|error) /.test(line));
  return { bytes, meaning: withoutRequestId(lines.slice(0, first + 1).join('\n')) };
};

export const transports: Readonly<Record<'HTTP' | 'server-sent events' | 'WebSocket', Transport>> = {
  HTTP: overHttp,
  'server-sent events': overEventStream,
  WebSocket: overWebSocket,
};

export type Listener = { heard(): string; close(): Promise<void> };
type Listening = { operations: readonly { query: string; variables: object }[]; token?: string | undefined };

/**
 * Subscribes over a socket of its own and keeps every byte. `onTold`: called for each message after the
 * acknowledgement.
 */
export function listen(
  apiUrl: string,
  { operations, token }: Listening,
  onTold: () => void = () => undefined,
): Listener {
  const closed = Promise.withResolvers<void>();
  let bytes = '';
  const socket = openConversation(apiUrl, {
    init: bearer(token),
    operations: () => operations,
    onText: (text) => {
      bytes += `${text}\n`;
    },
    onMessage: onTold,
  });
  socket.on('error', (error) => {
    bytes += `error ${error.message}\n`;
  });
  socket.on('close', (code, reason) => {
    bytes += `closed ${code} ${String(reason)}\n`;
    closed.resolve();
    onTold();
  });
  return {
    heard: () => bytes,
    async close() {
      socket.close();
      await closed.promise;
    },
  };
}
