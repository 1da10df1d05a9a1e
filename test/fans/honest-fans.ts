import type { SeededEvent } from '#test/support/catalog.ts';
import { bookingQuery, decideAt, type Fan } from './fan.ts';
import { type Caller, cancel, count, guestAt, hold, patiently, pause, type Tally } from './hoarding-attack.ts';

export type Crowd = {
  readonly caller: Caller;
  readonly event: SeededEvent;
  readonly fans: number;
  /** The period in which they arrive, and how long each may think before it pays. */
  readonly arriveSeconds: number;
  readonly thinkSeconds: number;
  readonly signal: AbortSignal;
};

export type Bought = {
  readonly tally: Tally;
  /** From the arrival of a fan who bought to the tickets. */
  readonly seconds: readonly number[];
};

/** Every fifth fan chooses again once. */
const FICKLE = 5;

/** Fans of one network who each buy two neighbouring seats, and follow the advice of refusals. */
export async function buyTwoEach(crowd: Crowd): Promise<Bought> {
  const tally: Tally = new Map();
  const seconds: number[] = [];
  const one = async (_: unknown, index: number) => {
    await pause((index / crowd.fans) * crowd.arriveSeconds, crowd.signal);
    const startedAt = performance.now();
    const fan = await guestAt(crowd.caller, crowd.signal);
    if (!fan) return;
    if (index % FICKLE === 0) {
      const first = await holdPatiently(crowd, fan, tally);
      if (first) await cancel(fan, first);
    }
    // A hold may end before a slow machine has taken its payment; then the fan chooses again.
    while (!crowd.signal.aborted) {
      const bookingId = await holdPatiently(crowd, fan, tally);
      if (!bookingId || !(await pay(crowd, fan, bookingId))) continue;
      seconds.push((performance.now() - startedAt) / 1000);
      return;
    }
  };
  await Promise.all(Array.from({ length: crowd.fans }, one));
  return { tally, seconds: seconds.sort((a, b) => a - b) };
}

async function holdPatiently({ event, signal }: Crowd, fan: Fan, tally: Tally): Promise<string | undefined> {
  while (!signal.aborted) {
    const first = Math.floor(Math.random() * (event.seatCount - 1));
    const answer = await hold(fan, event, [first, first + 1]);
    count(tally, 'code' in answer ? answer.code : 'HELD');
    if ('bookingId' in answer) return answer.bookingId;
    await pause(answer.afterSeconds * (1 + Math.random() / 4), signal);
  }
  return undefined;
}

async function pay({ thinkSeconds, signal }: Crowd, fan: Fan, id: string): Promise<boolean> {
  await pause(thinkSeconds * Math.random(), signal);
  let isPaid = false;
  while (!signal.aborted) {
    const { data } = await patiently(fan.answer(bookingQuery, { id }));
    const booking = data?.booking;
    if (booking?.status === 'CONFIRMED') return true;
    if (['EXPIRED', 'FAILED', 'CANCELLED'].includes(booking?.status)) return false;
    if (booking?.payment.url && !isPaid)
      isPaid = await decideAt(booking.payment.url, 'pay').then(
        ({ ok }) => ok,
        () => false,
      );
    await pause(0.5, signal);
  }
  return false;
}
