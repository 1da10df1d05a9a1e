import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededEvent } from '#test/support/catalog.ts';
import { createBookingMutation, type Fan, fanAt, type GraphqlAnswer, post } from './fan.ts';

/** Counts of answers by code; HELD for a hold. */
export type Tally = Map<string, number>;

export const count = (tally: Tally, code: string): void => void tally.set(code, (tally.get(code) ?? 0) + 1);

/** A cut connection or an invalid answer counts as an answer too: the attacker comes back. */
export const patiently = (asking: Promise<GraphqlAnswer>): Promise<GraphqlAnswer> =>
  asking.catch(() => ({
    status: 0,
    data: undefined,
    errors: [{ extensions: { code: 'NO_ANSWER', retryAfterSeconds: 1 } }],
  }));

type Refused = { readonly code: string; readonly afterSeconds: number };
export type Caller = {
  readonly apiUrl: string;
  /** As the proxy in front writes it. */
  readonly address: string;
};

/** A guest of the address; waits as long as the limits of signing in require. */
export async function guestAt({ apiUrl, address }: Caller, signal?: AbortSignal): Promise<Fan | undefined> {
  const headers = { 'x-forwarded-for': address };
  const query = `mutation { signInAsGuest(input: { email: "fan@example.org" }) {
    ... on SignInAsGuestSuccess { session { accessToken viewer { id } } } ... on Refusal { code retry { afterSeconds } } } }`;
  while (!signal?.aborted) {
    const { data, errors } = await patiently(post(apiUrl, { query }, headers));
    const session = data?.signInAsGuest.session;
    if (session) return fanAt(apiUrl, { userId: session.viewer.id, token: session.accessToken }, headers);
    const afterSeconds = data?.signInAsGuest.retry.afterSeconds ?? errors?.[0]?.extensions.retryAfterSeconds;
    if (afterSeconds === undefined) throw new Error(`No guest session: ${JSON.stringify(errors ?? data)}`);
    await pause(afterSeconds, signal);
  }
  return undefined;
}

/** Ends early with the signal, without an error. */
export const pause = (seconds: number, signal?: AbortSignal): Promise<void> =>
  sleep(seconds * 1000, undefined, signal ? { signal } : {}).catch(() => undefined);

const seatIdsOf = (event: SeededEvent, seatNos: readonly number[]) =>
  event.seatIds(...seatNos).map((id) => `Seat_${id}`);

export type Held = { readonly bookingId: string };

export async function hold(fan: Fan, event: SeededEvent, seatNos: readonly number[]): Promise<Held | Refused> {
  const input = {
    eventId: `Event_${event.eventId}`,
    seatIds: seatIdsOf(event, seatNos),
    idempotencyKey: randomUUID(),
  };
  const { data, errors } = await patiently(fan.answer(createBookingMutation, { input }));
  const answer = data?.createBooking;
  if (answer?.booking) return { bookingId: answer.booking.id };
  if (answer) return { code: answer.code, afterSeconds: answer.retry.afterSeconds ?? 0 };
  const { code = 'NONE', retryAfterSeconds = 1 } = errors?.[0]?.extensions ?? {};
  return { code, afterSeconds: retryAfterSeconds };
}

const cancelMutation = `mutation ($input: CancelBookingInput!) { cancelBooking(input: $input) {
  __typename ... on Refusal { code retry { afterSeconds } } } }`;

export async function cancel(fan: Fan, bookingId: string): Promise<string> {
  const { data } = await patiently(fan.answer(cancelMutation, { input: { bookingId } }));
  return data ? (data.cancelBooking.code ?? 'CANCELLED') : 'NO_ANSWER';
}

export type Attack = {
  readonly caller: Caller;
  readonly event: SeededEvent;
  readonly guests: number;
  /** How long a guest keeps its seats before it cancels them and holds others at once. */
  readonly keepSeconds: number;
  readonly signal: AbortSignal;
};

const SEATS = 8;
/** The attacker obeys less than any client: it comes back much earlier than the server asks. */
const IMPATIENCE_SECONDS = 2;

/**
 * Guests of one address who hold as many seats as each of them may, and cancel and hold again at once, until the
 * signal. Records the guests and their answers.
 */
export async function attack(
  { caller, event, guests, keepSeconds, signal }: Attack,
  { users, tally }: { users: Set<string>; tally: Tally },
): Promise<void> {
  const anySeats = () => {
    const first = Math.floor(Math.random() * (event.seatCount - SEATS));
    return Array.from({ length: SEATS }, (_, index) => first + index);
  };
  const one = async () => {
    const guest = await guestAt(caller, signal);
    if (!guest) return;
    users.add(guest.userId.replace('User_', ''));
    const held: { bookingId: string; untilMs: number }[] = [];
    while (!signal.aborted) {
      const oldest = held[0];
      if (oldest && oldest.untilMs <= Date.now()) {
        held.shift();
        count(tally, await cancel(guest, oldest.bookingId));
      }
      const answer = await hold(guest, event, anySeats());
      if ('bookingId' in answer) {
        count(tally, 'HELD');
        held.push({ bookingId: answer.bookingId, untilMs: Date.now() + keepSeconds * 1000 });
        continue;
      }
      count(tally, answer.code);
      await pause(Math.min(IMPATIENCE_SECONDS, Math.max(0.1, answer.afterSeconds)) * (0.5 + Math.random()), signal);
    }
  };
  await Promise.all(Array.from({ length: guests }, one));
}

/** One guest who holds seats at each of the events in turn, until the signal. */
export async function attackEverywhere(
  { caller, events, signal }: { caller: Caller; events: readonly SeededEvent[]; signal: AbortSignal },
  users: Set<string>,
): Promise<void> {
  const guest = await guestAt(caller, signal);
  if (!guest) return;
  users.add(guest.userId.replace('User_', ''));
  while (!signal.aborted) {
    await Promise.all(events.map((event) => hold(guest, event, [Math.floor(Math.random() * event.seatCount)])));
    await pause(IMPATIENCE_SECONDS, signal);
  }
}
