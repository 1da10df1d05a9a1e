import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeGlobalId, encodeGlobalId } from '#domain/global-id-rules.ts';
import { bookingQuery, createBookingMutation, decideAt, type Fan, signInAsGuest } from '#test/fans/fan.ts';
import type { AcknowledgedFile } from './acknowledged.ts';
import type { SeededEvent } from './catalog.ts';

export type BuyingOptions = {
  apiUrl: string;
  event: SeededEvent;
  /** Each client has a part of the seats to itself, so no request is refused because of another client. */
  clients: number;
  acknowledged: AcknowledgedFile;
};

/**
 * Fans who hold, read, and buy every third hold, as fast as they get answers; after any failure they send the same
 * request again.
 */
export async function startBuying({ apiUrl, event, clients, acknowledged }: BuyingOptions) {
  const stopping = new AbortController();
  const tally = { calls: 0, triedAgain: 0, refusals: new Set<string>() };
  let heldNext = Promise.withResolvers<void>();
  const share = Math.floor(event.seatCount / clients);
  const fans = await Promise.all(Array.from({ length: clients }, () => signInAsGuest(apiUrl)));
  const eventId = encodeGlobalId('Event', event.eventId);

  /** Undefined when the clients must stop; a refusal that says "never" is a finding. */
  const insist = async <T>(attempt: () => Promise<T | undefined>, pauseMs = 50): Promise<T | undefined> => {
    while (!stopping.signal.aborted) {
      tally.calls += 1;
      const result = await attempt().catch(() => undefined);
      if (result !== undefined) return result;
      tally.triedAgain += 1;
      await sleep(pauseMs);
    }
    return undefined;
  };
  /** Returns the answer; records the reason when there is none. */
  const ask = async (fan: Fan, query: string, variables: object) => {
    const { data, errors } = await fan.answer(query, variables);
    for (const { extensions } of errors ?? []) tally.refusals.add(extensions.code);
    if (errors) throw new Error('refused');
    return data;
  };
  const hold = (fan: Fan, seatNo: number) => {
    const seatIds = [encodeGlobalId('Seat', event.seatId(seatNo))];
    const input = { eventId, seatIds, idempotencyKey: randomUUID() };
    return insist<{ id: string }>(async () => {
      const { booking, code, retry } = (await ask(fan, createBookingMutation, { input })).createBooking;
      if (!booking) tally.refusals.add(`${code} ${retry?.advice}`);
      return booking;
    });
  };
  const reach = (fan: Fan, id: string, status: string) =>
    insist(async () => {
      const { booking } = await ask(fan, bookingQuery, { id });
      return booking?.status === status ? booking : undefined;
    });
  const pay = async (fan: Fan, id: string) => {
    const ready = await reach(fan, id, 'PAYMENT_READY');
    if (!ready) return;
    await insist(async () => (await decideAt(ready.payment.url, 'pay')).ok || undefined);
    if (!(await reach(fan, id, 'CONFIRMED'))) return;
    acknowledged.note({ what: 'confirmed', bookingId: rawId(id) });
  };
  const buy = async (fan: Fan, first: number) => {
    let paying: Promise<void> | undefined;
    for (let seat = 0; seat < share && !stopping.signal.aborted; seat++) {
      const booking = await hold(fan, first + seat);
      if (!booking) break;
      acknowledged.note({ what: 'held', bookingId: rawId(booking.id) });
      heldNext.resolve();
      if (seat % 3 === 0) {
        await paying;
        paying = pay(fan, booking.id);
      }
      if (seat % 3 === 1) await insist(() => ask(fan, seatMapQuery, { id: eventId }));
    }
    await paying;
  };
  const buying = Promise.all(fans.map((fan, index) => buy(fan, index * share)));
  return {
    tally,
    /** Resolves with the next hold that is acknowledged. */
    nextHold(): Promise<void> {
      heldNext = Promise.withResolvers<void>();
      return heldNext.promise;
    },
    async stop(): Promise<void> {
      stopping.abort();
      await buying;
    },
  };
}

const seatMapQuery = 'query ($id: ID!) { seatMap(eventId: $id) { version } }';
const rawId = (globalId: string): string => decodeGlobalId(globalId)?.id ?? '';
