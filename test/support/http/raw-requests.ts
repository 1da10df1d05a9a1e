import { connect } from 'node:net';
import { type Random, seededRandom } from '#test/fans/random.ts';

/** Targets that are not a path of a server, or that a URL parser refuses or reads as another host. */
export const refusedTargets = [
  '//',
  '///',
  '//health',
  '//evil.example/health',
  '//[::1',
  '//a:b@c:99999/',
  '/\\evil.example/health',
  '/#health',
  '/health#fragment',
  '/caf\u00e9',
  'http://127.0.0.1/health',
  'HTTP://evil.example/',
  'http://',
  'http:///',
  'https://[::1/',
  'data:text/plain,x',
  'javascript:alert(1)',
  '*',
  '127.0.0.1:443',
  '?query=%7B__typename%7D',
] as const;

const methods = [
  'GET',
  'POST',
  'OPTIONS',
  'HEAD',
  'PUT',
  'DELETE',
  'TRACE',
  'PATCH',
  'PROPFIND',
  'get',
  'G\u0000T',
  '',
];
const paths = ['/', '/graphql', '/metrics', '/ready', '/health', '/webhooks/gateway', '/pay/x', '/v1/sessions'];
const pieces = [
  '//',
  '..',
  '%',
  '%zz',
  '%00',
  '%2f',
  '\\',
  '?',
  '&',
  '=',
  '#',
  ';',
  '\u0000',
  '\u00ff',
  '\t',
  '{',
  '[',
  '*',
];
const versions = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9', 'HTTP', '', 'http/1.1'];
const headers = [
  'Host: x',
  'Host: x\r\nHost: y',
  'Content-Length: -1',
  'Content-Length: 99999999999999999999',
  'Content-Length: 4\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked, identity',
  'Content-Type: application/json',
  'Content-Type: application/json; charset=\u00ff',
  'Accept: text/event-stream',
  'Accept: text/html',
  'Accept-Encoding: \u0001gzip;q=NaN',
  'Authorization: Bearer a.b.c',
  'Authorization: \u00ff',
  'Origin: null',
  'Origin: http://[',
  'X-Forwarded-For: ,,,',
  'X-Request-Id: \u0007',
  'Expect: 200-ok',
  'Expect: 100-continue',
  'Upgrade: websocket\r\nConnection: Upgrade',
  'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings',
  'Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13',
  'Connection: close',
  'Frontrow-Admission: \u0080',
  'traceparent: 00-0-0-0',
  `X-Long: ${'a'.repeat(9_000)}`,
  `X-Longer: ${'b'.repeat(20_000)}`,
  ': empty',
  'No colon',
  ' folded: yes',
];
const bodies = [
  '',
  '{}',
  '[]',
  'null',
  '"text"',
  '[{"query":"{__typename}"},{"query":"{__typename}"}]',
  '{"query":"{__typename}"}',
  '{"query":"{","variables":[]}',
  '{"query":1,"documentId":{}}',
  '{"query":"query($a:Int){__typename}","variables":{"__proto__":{"a":1},"a":1e999}}',
  '{"query":"mutation{signOut}","operationName":"\u0000"}',
  '{"documentId":"sha256:"}',
  '{"extensions":{"persistedQuery":{"version":9,"sha256Hash":""}}}',
  `{"query":"${'{a'.repeat(2_000)}"}`,
  `{"query":"query ${'N'.repeat(30_000)} { __typename nothing }"}`,
  'outcome=pay',
  // Sent often enough to be compiled: a null where the argument takes none.
  '{"query":"query($id: ID = \\"Event_x\\"){event(id:$id){id}}","variables":{"id":null}}',
  '{"query":"query($id: ID!){event(id:$id){id}}","variables":{"id":{"a":[[[]]]}}}',
  `{"query":"{__typename}","variables":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`,
  '['.repeat(50_000),
  '\ud800',
];

/** One request as bytes: mostly a line, headers and a body that a client could send, with an error in it. */
export function rawRequest(random: Random): Buffer {
  if (random.chance(0.2)) return graphqlRequest(random);
  if (random.chance(0.1)) return randomBytes(random, random.below(600));
  const target = random.chance(0.4) ? random.pick(refusedTargets) : someTarget(random);
  const body = random.chance(0.5) ? random.pick(bodies) : '';
  const length = random.chance(0.7) ? [`Content-Length: ${Buffer.byteLength(body)}`] : [];
  const chosen = Array.from({ length: random.below(5) }, () => random.pick(headers));
  const line = `${random.pick(methods)} ${target} ${random.pick(versions)}`;
  const text = [line, ...(random.chance(0.8) ? ['Host: x'] : []), ...length, ...chosen, '', body].join('\r\n');
  const bytes = Buffer.from(text, random.chance(0.5) ? 'latin1' : 'utf8');
  if (random.chance(0.2))
    for (let no = random.below(5); no >= 0; no--) bytes[random.below(bytes.length)] = random.below(256);
  return random.chance(0.1) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

/** A request of which only the body is wrong. */
function graphqlRequest(random: Random): Buffer {
  const body = random.pick(bodies);
  const accept = random.pick(['application/json', 'application/graphql-response+json', 'text/event-stream', '*/*']);
  const head = `POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nAccept: ${accept}`;
  return Buffer.from(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function someTarget(random: Random): string {
  const more = Array.from({ length: random.below(4) }, () => random.pick(pieces)).join('');
  return `${random.pick(paths)}${more}`;
}

const randomBytes = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => random.below(256)));

/** What a server sends back on a new connection, until it closes or has been silent for `patienceMs`. */
export function sendRaw(port: number, bytes: Buffer, { end = false, patienceMs = 3_000 } = {}): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1');
    const done = () => {
      socket.destroy();
      resolve(heard);
    };
    socket.setTimeout(patienceMs, done);
    socket.setEncoding('latin1').on('data', (text) => {
      heard += text;
    });
    // A reset while a refused body is still on its way.
    socket.on('error', () => undefined).on('close', done);
    if (end) socket.end(bytes);
    else socket.write(bytes);
  });
}

/** Sends `count` requests, a few at a time; returns the answers, and the status of each. */
export async function bombard(
  port: number,
  { count, seed }: { count: number; seed: number },
): Promise<{ statuses: number[]; heard: string[] }> {
  const random = seededRandom(seed);
  const heard: string[] = [];
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      const request = rawRequest(random);
      // The client gives up half a request; a whole one is answered on a connection that stays open.
      heard.push(await sendRaw(port, request, { end: !request.includes('Connection: close') }));
    }
  };
  await Promise.all(Array.from({ length: 32 }, lane));
  const statuses = heard.flatMap((answer) =>
    [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status)),
  );
  return { statuses, heard };
}
