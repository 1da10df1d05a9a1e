import { connect } from 'node:net';
import { type Random, seededRandom } from '#test/fans/random.ts';

const UPGRADE = Buffer.from(
  `GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
);

/** A client's frame (RFC 6455, 5.2), masked with zeros. */
function frame(payload: Buffer, { opcode = 1, isMasked = true, isFinal = true, reserved = 0 } = {}): Buffer {
  const size = payload.length;
  const mask = isMasked ? 0x80 : 0;
  const head = [(isFinal ? 0x80 : 0) | (reserved << 4) | opcode];
  if (size < 126) head.push(mask | size);
  else if (size < 65_536) head.push(mask | 126, size >> 8, size & 0xff);
  else head.push(mask | 127, 0, 0, 0, 0, (size >> 24) & 0xff, (size >> 16) & 0xff, (size >> 8) & 0xff, size & 0xff);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(isMasked ? 4 : 0), payload]);
}

/** Nested deeper than a program can write it, but not deeper than one can read it. */
const DEEP = '@deep';
const LEVELS = 20_000;
const json = (message: unknown): string =>
  JSON.stringify(message).replace(`"${DEEP}"`, '['.repeat(LEVELS) + ']'.repeat(LEVELS));
const text = (message: unknown): Buffer => frame(Buffer.from(json(message)));

const nasty: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  'x'.repeat(5_000),
  '\u0000',
  '\ud800',
  '\u202e\u2066',
  '__proto__',
  'constructor',
  [],
  [[]],
  {},
  { a: { b: { c: 1 } } },
  DEEP,
];
const event = 'subscription E($id: ID!) { eventChanged(eventId: $id) { title } }';
const seatMap = 'subscription S($id: ID!, $v: Int) { seatMapChanged(eventId: $id, sinceVersion: $v) { __typename } }';
const queries = [
  event,
  event,
  seatMap,
  'subscription { bookingChanged(bookingId: "Booking_x") { id } }',
  'subscription($id: ID = "Event_x") { eventChanged(eventId: $id) { title } }',
  '{ __typename }',
  'mutation { signOut }',
  'subscription {',
  `subscription ${'N'.repeat(30_000)}($id: ID!) { eventChanged(eventId: $id) { title nothing } }`,
  `subscription ${'M'.repeat(30_000)}($id: ID!) { eventChanged(eventId: $id) { title } }`,
  'subscription { ...A } fragment A on Subscription { ...A }',
  '\u0000',
  '',
];
const ids = ['1', '2', '', 'x'.repeat(129), '\u0000', 7, null, '__proto__'];
const types = [
  'subscribe',
  'subscribe',
  'subscribe',
  'complete',
  'ping',
  'pong',
  'connection_init',
  'next',
  'error',
  '',
  1,
  null,
];

function variables(random: Random, eventId: string): object {
  const some: Record<string, unknown> = { id: random.chance(0.5) ? eventId : random.pick(nasty) };
  if (random.chance(0.3)) some.v = random.pick(nasty);
  if (random.chance(0.3)) some[random.pick(['more', '__proto__', 'toString', ' '])] = random.pick(nasty);
  return some;
}

/** With the members that the protocol requires, and an error inside. */
function payload(random: Random, eventId: string): object {
  const some: Record<string, unknown> = { query: random.pick(queries), variables: variables(random, eventId) };
  if (random.chance(0.1)) some.operationName = random.pick(['E', 'S', 'x'.repeat(300), '\u0000']);
  if (random.chance(0.1)) some.documentId = random.pick(['sha256:', 'x'.repeat(300), ...nasty]);
  if (random.chance(0.1)) some.extensions = { persistedQuery: random.pick<unknown>([{ version: 9 }, ...nasty]) };
  return some;
}

/** One message of a client on an open socket: mostly a message of the protocol with an error in it. */
export function rawFrame(random: Random, eventId: string, no: number): Buffer {
  if (random.chance(0.8)) return text({ type: 'subscribe', id: `${no}`, payload: payload(random, eventId) });
  const message = { type: random.pick(types), id: random.pick(ids), payload: random.pick([{}, ...nasty]) };
  if (random.chance(0.4)) return text(message);
  const bytes = Buffer.from(JSON.stringify(message).slice(0, 2_000));
  const wrong: readonly (() => Buffer)[] = [
    () => frame(bytes.subarray(0, random.below(bytes.length))),
    () => frame(bytes, { opcode: 2 }),
    () => frame(bytes, { opcode: random.below(16) }),
    () => frame(bytes, { isMasked: false }),
    () => frame(bytes, { isFinal: false }),
    () => frame(bytes, { reserved: 1 + random.below(7) }),
    () => frame(Buffer.alloc(70_000, 'x')),
    () => frame(Buffer.from([0xff, 0xfe, 0xc0])),
    () => frame(Buffer.from([0x03, 0xe8 + random.below(20), 0xff]), { opcode: 8 }),
    () => frame(Buffer.alloc(random.below(200), 1), { opcode: 9 }),
    () => Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
    () => Buffer.from(Array.from({ length: 1 + random.below(300) }, () => random.below(256))),
    () => text(DEEP),
    () => text([message, message]),
    () => text({ ...message, type: 'subscribe', payload: [message.payload] }),
  ];
  return random.pick(wrong)();
}

const inits: readonly unknown[] = [null, {}, { authorization: '' }, { headers: {} }, { more: DEEP }];

/** What the server sends on a new socket; ends when the server closes it, or has answered `last`. */
function talk(port: number, init: unknown, { frames, last }: { frames: Buffer[]; last: Buffer }): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    let isOpen = false;
    const socket = connect(port, '127.0.0.1');
    const done = () => {
      socket.destroy();
      resolve(heard);
    };
    socket.setTimeout(5_000, done);
    socket.setEncoding('utf8').on('data', (bytes) => {
      heard += bytes;
      if (!isOpen && heard.includes('connection_ack')) {
        isOpen = true;
        socket.write(Buffer.concat([...frames, last]));
      } else if (heard.includes('"id":"last"')) done();
    });
    socket.on('error', () => undefined).on('close', done);
    socket.write(Buffer.concat([UPGRADE, text({ type: 'connection_init', payload: init })]));
  });
}

/** Sends `count` frames, a few on each socket, and returns everything that the server sent. */
export async function bombardSockets(
  port: number,
  { count, seed, eventId }: { count: number; seed: number; eventId: string },
): Promise<string[]> {
  const random = seededRandom(seed);
  const heard: string[] = [];
  const last = text({ type: 'subscribe', id: 'last', payload: { query: event, variables: { id: eventId } } });
  let left = count;
  const lane = async () => {
    while (left > 0) {
      const frames = Array.from({ length: 8 }, (_, no) => rawFrame(random, eventId, no));
      left -= frames.length;
      heard.push(await talk(port, random.pick(inits), { frames, last }));
    }
  };
  await Promise.all(Array.from({ length: 32 }, lane));
  return heard;
}
