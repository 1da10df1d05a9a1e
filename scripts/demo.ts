import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { verifyTicketCode } from '#domain/booking/ticket-code.ts';
import { openGraphqlClient } from '#processes/dev/graphql-client.ts';
import { runningSystem } from '#processes/local/running-system.ts';
import { follow, type Money, money, openSocket } from './demo/follow.ts';
import { playOrganizer } from './demo/organizer.ts';
import { printSteps } from './demo/steps.ts';

/**
 * `npm run demo -- --url http://localhost:4000`: plays the journey of a fan, or with `--organizer` that of an organizer,
 * against a running system, over HTTP and WebSocket, and prints each step with its time.
 */
const usage = `usage: npm run demo -- [--organizer] [--url http://localhost:4000]

Plays the journey of a fan, from search to ticket, against a running system: the one at --url, or else the one that
npm start runs in this clone.
--organizer  plays the journey of an organizer instead, from sign-up to live sales`;
const { values } = parseArgs({
  options: { url: { type: 'string' }, organizer: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
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

if (values.organizer) {
  await playOrganizer(api);
  process.exit();
}
const { step, finish } = printSteps();
const guest = openGraphqlClient(api);

type Found = {
  searchEvents: {
    totalCount: number;
    edges: {
      distanceKm: number;
      node: { id: string; title: string; startsAt: string; venue: { name: string; city: string } };
    }[];
  };
};
const found = await guest.ask<Found>(`{
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
const { signInAsGuest } = await guest.ask<Session>(`mutation {
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
const { seatMap } = await guest.ask<Map>(
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

const socket = openSocket(api, accessToken);
type Pushed = {
  seatMapChanged: {
    toVersion?: number;
    changes?: { seatNo: number; status: string }[];
    seatMap?: { version: number; statuses: string };
  };
};
const seatMapAnswers = follow<Pushed>(
  socket,
  `subscription ($id: ID!, $since: Int) { seatMapChanged(eventId: $id, sinceVersion: $since) {
     ... on SeatMapDelta { toVersion changes { seatNo status } } ... on SeatMapReset { seatMap { version statuses } } } }`,
  { id: match.id, since: seatMap.version },
);
const packed = ['AVAILABLE', 'HELD', 'BOOKED', 'BLOCKED'];
/** The state of a seat in a whole map, which comes first when a process has just begun to follow the event. */
const statusIn = (statuses: string, seatNo: number) =>
  packed[((Buffer.from(statuses, 'base64')[seatNo >> 2] ?? 0) >> (2 * (seatNo & 3))) & 3];
const pushedStatus = (status: string) =>
  seatMapAnswers(({ seatMapChanged: { changes = [], seatMap: whole } }) =>
    pair.every(
      ({ seat: { seatNo } }) =>
        changes.some((change) => change.seatNo === seatNo && change.status === status) ||
        (whole !== undefined && statusIn(whole.statuses, seatNo) === status),
    ),
  );

type Created = {
  createBooking: { __typename: string; message?: string; booking: { id: string; total: Money; holdExpiresAt: string } };
};
const createBooking = `mutation ($input: CreateBookingInput!) { createBooking(input: $input) { __typename
  ... on CreateBookingSuccess { booking { id total { amountMinor currency } holdExpiresAt } } ... on Refusal { message } } }`;
const { createBooking: held } = await guest.as(accessToken).ask<Created>(createBooking, {
  input: { eventId: match.id, seatIds, idempotencyKey: randomUUID() },
});
if (held.__typename !== 'CreateBookingSuccess') throw new Error(`${held.__typename}: ${held.message}`);
const { booking } = held;
step(
  `held two seats for ${money(booking.total)} until ${booking.holdExpiresAt}`,
  ...pair.map(({ seat }) => `section ${seat.section.label}, row ${seat.row}, seat ${seat.label}`),
);
const { seatMapChanged } = await pushedStatus('HELD');
step(`pushed: the seat map shows them HELD at version ${seatMapChanged.toVersion ?? seatMapChanged.seatMap?.version}`);

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

const rival = await guest.ask<Session>(`mutation {
  signInAsGuest(input: { email: "rival@example.org" }) { ... on SignInAsGuestSuccess { session { accessToken viewer { id } } } } }`);
const { createBooking: refused } = await guest
  .as(rival.signInAsGuest.session.accessToken)
  .ask<Created>(createBooking, { input: { eventId: match.id, seatIds, idempotencyKey: randomUUID() } });
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

finish();
await socket.dispose();
