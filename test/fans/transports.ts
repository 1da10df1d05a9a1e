import { WebSocket } from 'ws';

export type Asked = { readonly query: string; readonly variables: object; readonly token?: string | undefined };

/** An answer with every byte of it, and the same without the parts that differ between any two requests. */
export type RawAnswer = { readonly bytes: string; readonly meaning: string };
export type Transport = (apiUrl: string, asked: Asked) => Promise<RawAnswer>;

const withoutRequestId = (text: string) => text.replaceAll(/"requestId":"[^"]*"/g, '"requestId":""');
const bearer = (token: string | undefined) => (token === undefined ? {} : { authorization: `Bearer ${token}` });

async function overFetch(apiUrl: string, accept: string, { query, variables, token }: Asked): Promise<RawAnswer> {
  const response = await fetch(`${apiUrl}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...bearer(token) },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(20_000),
  });
  let body = '';
  for await (const chunk of response.body ?? []) {
    body += Buffer.from(chunk).toString();
    // Leaving the loop ends an open subscription.
    if (/^event: next\ndata: .*\n\n/m.test(body)) break;
  }
  const meaning = withoutRequestId(`${response.status} ${body.replaceAll(/^:.*\n\n/gm, '')}`);
  return { bytes: `${JSON.stringify([...response.headers])}${body}`, meaning };
}

const overHttp: Transport = (apiUrl, asked) => overFetch(apiUrl, 'application/json', asked);
const overEventStream: Transport = (apiUrl, asked) => overFetch(apiUrl, 'text/event-stream', asked);

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
  const socket = new WebSocket(`${apiUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const closed = Promise.withResolvers<void>();
  let bytes = '';
  const send = (message: object) => socket.send(JSON.stringify(message));
  socket.on('open', () => send({ type: 'connection_init', payload: bearer(token) }));
  socket.on('message', (data) => {
    bytes += `${String(data)}\n`;
    const { type } = JSON.parse(String(data)) as { type: string };
    if (type === 'connection_ack')
      for (const [index, payload] of operations.entries()) send({ id: `${index}`, type: 'subscribe', payload });
    else if (type !== 'ping') onTold();
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
