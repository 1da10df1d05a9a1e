import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { verifyTicketCode } from '#domain/booking/ticket-code.ts';
import { formatMoney } from '#domain/currency-rules.ts';
import { runningSystem } from '#processes/local/running-system.ts';

/**
 * `npm run demo -- --url http://localhost:4000`: plays the journey of a fan against a running system, over HTTP and
 * WebSocket, and prints each step with its time.
 */
const usage = `usage: npm run demo -- [--url http://localhost:4000]

Plays the journey of a fan, from search to ticket, against a running system: the one at --url, or else the one that
npm start runs in this clone.`;
const { values } = parseArgs({ options: { url: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
if (values.help) {
  console.log(usage);
  process.exit();
}
const running = (await runningSystem()).PUBLIC_URL;
const api = (values.url ?? running ?? 'http://localhost:4000').replace(/\/(graphql)?$/, '');
const answers = await fetch(`${api}/health`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
if (!answers) {
  console.error(
    `No server answers at ${api}. Run npm start in this clone and wait until it is ready, or give the address with --url.`,
  );
  process.exit(1);
}

let stepStartedMs = performance.now();
const startedMs = stepStartedMs;

function step(text: string, ...details: string[]): void {
  const now = performance.now();
  console.log(`${String(Math.round(now - stepStartedMs)).padStart(6)} ms  ${text}`);
  for (const detail of details) console.log(`           ${detail}`);
  stepStartedMs = now;
}

async function ask<T>(query: string, variables: object = {}, token?: string): Promise<T> {
  const response = await fetch(`${api}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { data: T; errors?: { message: string }[] };
  if (answer.errors) throw new Error(answer.errors.map(({ message }) => message).join('; '));
  return answer.data;
}

/** Subscribes, and returns a function that resolves with the first answer that fits, earlier answers included. */
function follow<T>(socket: Client, query: string, variables: object) {
  const seen: T[] = [];
  let look = () => {};
  let broken: unknown;
  socket.subscribe<T>(
    { query, variables: variables as Record<string, unknown> },
    {
      next: ({ data }) => {
        if (data) seen.push(data);
        look();
      },
      error: (error) => {
        broken = error;
        look();
      },
      complete: () => {},
    },
  );
  return (fits: (answer: T) => boolean) =>
    new Promise<T>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error('Nothing was pushed within 30 seconds.')), 30_000);
      look = () => {
        const found = seen.find(fits);
        if (!found && !broken) return;
        clearTimeout(deadline);
        if (found) resolve(found);
        else reject(new Error(`The subscription ended: ${JSON.stringify(broken)}`));
      };
      look();
    });
}

type Money = { amountMinor: number; currency: string };
const money = ({ amountMinor, currency }: Money) => formatMoney(amountMinor, currency);

type Found = {
  searchEvents: {
    totalCount: number;
    edges: {
      distanceKm: number;
      node: { id: string; title: string; startsAt: string; venue: { name: string; city: string } };
    }[];
  };
};
const found = await ask<Found>(`{
  searchEvents(text: "messico", near: { latitude: 19.4, longitude: -99.1 }, onSaleOnly: true, sort: NEAREST, first: 3) {
    totalCount edges { distanceKm node { id title startsAt venue { name city } } } } }`);
const [nearest] = found.searchEvents.edges;
if (!nearest) throw new Error('No match was found. Was `npm run import` run?');
const { node: match } = nearest;
step(
  `searched "messico" near Mexico City: ${found.searchEvents.totalCount} matches`,
  ...found.searchEvents.edges.map(
    ({ node, distanceKm }) =>
      `${node.title}, ${node.venue.name} (${node.venue.city}), ${distanceKm.toFixed(1)} km, ${node.startsAt}`,
  ),
);

type Session = { signInAsGuest: { session: { accessToken: string; viewer: { id: string } } } };
const { signInAsGuest } = await ask<Session>(`mutation {
  signInAsGuest(input: { email: "fan@example.org" }) { ... on SignInAsGuestSuccess { session { accessToken viewer { id } } } } }`);
const { accessToken } = signInAsGuest.session;
step(`signed in as guest ${signInAsGuest.session.viewer.id}`);

type EventSeat = {
  seat: { id: string; seatNo: number; row: string; label: string; section: { label: string } };
  price: Money;
  fee: Money;
};
type Map = {
  seatMap: {
    version: number;
    statuses: string;
    layout: { seatCount: number; url: string };
    seats: { nodes: EventSeat[] };
  };
};
const { seatMap } = await ask<Map>(
  `query ($id: ID!) { seatMap(eventId: $id) { version statuses layout { seatCount url } seats(status: AVAILABLE, first: 50) {
     nodes { seat { id seatNo row label section { label } } price { amountMinor currency } fee { amountMinor currency } } } } }`,
  { id: match.id },
);
step(
  `read the seat map of ${match.title}: ${seatMap.layout.seatCount} seats at version ${seatMap.version} in ${seatMap.statuses.length} characters`,
);

const pair = seatMap.seats.nodes.flatMap((first, i, all) => {
  const second = all[i + 1];
  const adjacent = second && second.seat.seatNo === first.seat.seatNo + 1 && second.seat.row === first.seat.row;
  return adjacent ? [[first, second] as const] : [];
})[0];
if (!pair) throw new Error('There are no two seats side by side on the first page of the seat map.');
const seatIds = pair.map(({ seat }) => seat.id);

const socket = createClient({
  url: `${api.replace('http', 'ws')}/graphql`,
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${accessToken}` },
});
type Delta = {
  seatMapChanged: { fromVersion?: number; toVersion?: number; changes?: { seatNo: number; status: string }[] };
};
const seatMapAnswers = follow<Delta>(
  socket,
  `subscription ($id: ID!, $since: Int) { seatMapChanged(eventId: $id, sinceVersion: $since) {
     ... on SeatMapDelta { fromVersion toVersion changes { seatNo status } } } }`,
  { id: match.id, since: seatMap.version },
);
const pushedStatus = (status: string) =>
  seatMapAnswers(({ seatMapChanged: { changes = [] } }) =>
    pair.every(({ seat }) => changes.some((change) => change.seatNo === seat.seatNo && change.status === status)),
  );

type Created = {
  createBooking: { __typename: string; message?: string; booking: { id: string; total: Money; holdExpiresAt: string } };
};
const createBooking = `mutation ($input: CreateBookingInput!) { createBooking(input: $input) { __typename
  ... on CreateBookingSuccess { booking { id total { amountMinor currency } holdExpiresAt } } ... on Refusal { message } } }`;
const { createBooking: held } = await ask<Created>(
  createBooking,
  { input: { eventId: match.id, seatIds, idempotencyKey: randomUUID() } },
  accessToken,
);
if (held.__typename !== 'CreateBookingSuccess') throw new Error(`${held.__typename}: ${held.message}`);
const { booking } = held;
step(
  `held two seats for ${money(booking.total)} until ${booking.holdExpiresAt}`,
  ...pair.map(({ seat }) => `section ${seat.section.label}, row ${seat.row}, seat ${seat.label}`),
);
const { seatMapChanged } = await pushedStatus('HELD');
step(`pushed: the seat map shows them HELD at version ${seatMapChanged.toVersion}`);

type Changed = {
  bookingChanged: {
    status: string;
    payment: { status: string; url: string | null; refunded: Money | null };
    tickets: { code: string; seat: { row: string; label: string } }[];
  };
};
const bookingAnswers = follow<Changed>(
  socket,
  `subscription ($id: ID!) { bookingChanged(bookingId: $id) {
     status payment { status url refunded { amountMinor currency } } tickets { code seat { row label } } } }`,
  { id: booking.id },
);
const ready = await bookingAnswers(({ bookingChanged }) => bookingChanged.status === 'PAYMENT_READY');
const paymentUrl = ready.bookingChanged.payment.url ?? '';
step(`pushed: the payment page is open at ${paymentUrl}`);

const rival = await ask<Session>(`mutation {
  signInAsGuest(input: { email: "rival@example.org" }) { ... on SignInAsGuestSuccess { session { accessToken viewer { id } } } } }`);
const { createBooking: refused } = await ask<Created>(
  createBooking,
  { input: { eventId: match.id, seatIds, idempotencyKey: randomUUID() } },
  rival.signInAsGuest.session.accessToken,
);
step(`another fan asked for the same seats: ${refused.__typename}: ${refused.message}`);

await fetch(paymentUrl, { method: 'POST', body: new URLSearchParams({ outcome: 'pay' }), redirect: 'manual' });
step('paid at the sandbox gateway');
const confirmed = await bookingAnswers(({ bookingChanged }) => bookingChanged.status === 'CONFIRMED');
const { tickets } = confirmed.bookingChanged;
step(`pushed: CONFIRMED with ${tickets.length} tickets`, ...tickets.map(({ code }) => `${code.slice(0, 60)}...`));
await pushedStatus('BOOKED');
step('pushed: the seat map shows them BOOKED');

const keys = await (await fetch(`${api}/.well-known/frontrow-tickets.json`)).json();
const genuine = tickets.filter(({ code }) => verifyTicketCode(code, keys)).length;
step(`verified ${genuine} of ${tickets.length} tickets offline with the published key`);
if (genuine !== tickets.length) process.exitCode = 1;

console.log(`${String(Math.round(performance.now() - startedMs)).padStart(6)} ms  in all`);
await socket.dispose();
