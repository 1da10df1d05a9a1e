import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { gather, type Member } from './crowd.ts';
import { bookingQuery, type Caller, decideAt, type Fan, pause, signInPatiently } from './fan.ts';
import { patiently } from './graphql-http.ts';
import { count, type Tally, tryCancel, tryHold } from './hoarding-attack.ts';

export type HonestCrowd = {
  readonly caller: Caller;
  readonly event: SeededEvent;
  readonly fans: number;
  readonly seed: number;
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
export async function buyTwoEach(crowd: HonestCrowd): Promise<Bought> {
  const tally: Tally = new Map();
  const seconds: number[] = [];
  await gather(crowd, async (member) => {
    const startedAt = performance.now();
    const fan = await signInPatiently(crowd.caller, crowd.signal);
    if (!fan) return;
    const buyer = { ...crowd, ...member, fan, tally };
    if (member.index % FICKLE === 0) {
      const first = await holdPatiently(buyer);
      if (first) await tryCancel(fan, first);
    }
    // A hold may end before a slow machine has taken its payment; then the fan chooses again.
    while (!crowd.signal.aborted) {
      const bookingId = await holdPatiently(buyer);
      if (!bookingId || !(await pay(buyer, bookingId))) continue;
      seconds.push((performance.now() - startedAt) / 1000);
      return;
    }
  });
  return { tally, seconds: seconds.sort((a, b) => a - b) };
}

type Buyer = HonestCrowd & Member & { readonly fan: Fan; readonly tally: Tally };

async function holdPatiently({ event, signal, fan, tally, random }: Buyer): Promise<string | undefined> {
  while (!signal.aborted) {
    const first = random.below(event.seatCount - 1);
    const answer = await tryHold(fan, event, [first, first + 1]);
    count(tally, 'code' in answer ? answer.code : 'HELD');
    if ('bookingId' in answer) return answer.bookingId;
    await pause(answer.afterSeconds * (1 + random.next() / 4), signal);
  }
  return undefined;
}

async function pay({ thinkSeconds, signal, fan, random }: Buyer, id: string): Promise<boolean> {
  await pause(thinkSeconds * random.next(), signal);
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
