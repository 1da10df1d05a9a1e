import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { gather } from './crowd.ts';
import {
  type Caller,
  cancelMutation,
  createBookingMutation,
  type Fan,
  holdInput,
  pause,
  signInPatiently,
} from './fan.ts';
import { patiently } from './graphql-http.ts';

/** Counts of answers by code; HELD for a hold. */
export type Tally = Map<string, number>;

export const count = (tally: Tally, code: string): void => void tally.set(code, (tally.get(code) ?? 0) + 1);

type Refused = { readonly code: string; readonly afterSeconds: number };
export type Held = { readonly bookingId: string };

/** A cut connection or an invalid answer counts as an answer too: the attacker comes back. */
export async function tryHold(fan: Fan, event: SeededEvent, seatNos: readonly number[]): Promise<Held | Refused> {
  const { data, errors } = await patiently(fan.answer(createBookingMutation, { input: holdInput(event, seatNos) }));
  const answer = data?.createBooking;
  if (answer?.booking) return { bookingId: answer.booking.id };
  if (answer) return { code: answer.code, afterSeconds: answer.retry.afterSeconds ?? 0 };
  const { code = 'NONE', retryAfterSeconds = 1 } = errors?.[0]?.extensions ?? {};
  return { code, afterSeconds: retryAfterSeconds };
}

export async function tryCancel(fan: Fan, bookingId: string): Promise<string> {
  const { data } = await patiently(fan.answer(cancelMutation, { input: { bookingId } }));
  return data ? (data.cancelBooking.code ?? 'CANCELLED') : 'NO_ANSWER';
}

export type Attack = {
  readonly caller: Caller;
  readonly event: SeededEvent;
  readonly guests: number;
  /** How long a guest keeps its seats before it cancels them and holds others at once. */
  readonly keepSeconds: number;
  readonly seed: number;
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
  { caller, event, guests, keepSeconds, seed, signal }: Attack,
  { users, tally }: { users: Set<string>; tally: Tally },
): Promise<void> {
  await gather({ fans: guests, seed, signal }, async ({ random }) => {
    const anySeats = () => {
      const first = random.below(event.seatCount - SEATS);
      return Array.from({ length: SEATS }, (_, index) => first + index);
    };
    const guest = await signInPatiently(caller, signal);
    if (!guest) return;
    users.add(guest.userId.replace('User_', ''));
    const held: { bookingId: string; untilMs: number }[] = [];
    while (!signal.aborted) {
      const oldest = held[0];
      if (oldest && oldest.untilMs <= Date.now()) {
        held.shift();
        count(tally, await tryCancel(guest, oldest.bookingId));
      }
      const answer = await tryHold(guest, event, anySeats());
      if ('bookingId' in answer) {
        count(tally, 'HELD');
        held.push({ bookingId: answer.bookingId, untilMs: Date.now() + keepSeconds * 1000 });
        continue;
      }
      count(tally, answer.code);
      await pause(Math.min(IMPATIENCE_SECONDS, Math.max(0.1, answer.afterSeconds)) * (0.5 + random.next()), signal);
    }
  });
}

/** One guest who holds seats at each of the events in turn, until the signal. */
export async function attackEverywhere(
  { caller, events, signal }: { caller: Caller; events: readonly SeededEvent[]; signal: AbortSignal },
  users: Set<string>,
): Promise<void> {
  const guest = await signInPatiently(caller, signal);
  if (!guest) return;
  users.add(guest.userId.replace('User_', ''));
  while (!signal.aborted) {
    await Promise.all(events.map((event) => tryHold(guest, event, [Math.floor(Math.random() * event.seatCount)])));
    await pause(IMPATIENCE_SECONDS, signal);
  }
}
