import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededEvent } from '#test/support/catalog.ts';
import { merchantCall, sandboxKeys } from '#test/support/sandbox-gateway.ts';
import { instant } from '../history.ts';
import type { Held, RushFan } from './rush-fan.ts';

export type Stage = {
  readonly fan: RushFan;
  readonly rival: RushFan;
  /** Of this attempt alone. */
  readonly event: SeededEvent;
  readonly gatewayUrl: string;
  readonly webhookUrl: string;
};

/** Answers whether it came to what it is for: with everything going wrong it may not, and is played again. */
export type Scene = (stage: Stage) => Promise<boolean>;

/** What chance alone does not bring about in some seconds. */
export const scenes: Readonly<Record<string, Scene>> = {
  /** Money for seats that somebody else has by now. */
  async paidTooLate({ fan, rival, event }) {
    const held = await fan.hold(event, [0, 1], randomUUID());
    if (!held) return false;
    let theirs: Held | undefined;
    await fan.decide(held, 'pay', async () => {
      await until(held.endsAt);
      theirs = await holdSoon(rival, event, [1]);
    });
    return theirs !== undefined;
  },

  /** Money for seats that are still free when the hold has ended. */
  async paidLate({ fan, event }) {
    const held = await fan.hold(event, [0, 1], randomUUID());
    if (!held) return false;
    const isExpired = async () => void (await fan.when(held, ({ status }) => status === 'EXPIRED', 6_000));
    return (await fan.decide(held, 'pay', isExpired)) === 'CONFIRMED';
  },

  /** Paid in the moment in which it is cancelled: the money arrives for a booking that has ended. */
  async paidAndCancelled({ fan, event }) {
    const held = await fan.hold(event, [0], randomUUID());
    if (!held) return false;
    const cancelling = async () => void (await fan.cancel(held));
    return (await fan.decide(held, 'pay', cancelling)) === 'CANCELLED';
  },

  /** Paid, cancelled, given back; and the seat is sold again. */
  async soldAgain({ fan, rival, event }) {
    const first = await fan.hold(event, [0], randomUUID());
    if (!first || (await fan.decide(first, 'pay')) !== 'CONFIRMED' || (await fan.cancel(first)) !== 'ok') return false;
    const second = await rival.hold(event, [0], randomUUID());
    return second !== undefined && (await rival.decide(second, 'pay')) === 'CONFIRMED';
  },

  /** More seats than one may have, in bookings of two. */
  async wantedTooMany({ fan, event }) {
    for (let seat = 0; seat < 8; seat += 2) await fan.hold(event, [seat, seat + 1], randomUUID());
    return true;
  },

  /** The gateway's own signature under an amount that is not the booking's. */
  async toldWrongAmount({ fan, event, gatewayUrl, webhookUrl }) {
    const held = await fan.hold(event, [0], randomUUID());
    if (!held || !(await fan.when(held, ({ url }) => url !== null, 4_000))) return false;
    const { json } = await merchantCall(gatewayUrl)('GET', `/v1/sessions?booking_id=${held.id}`);
    const session = { ...json.data?.[0], status: 'paid', captured_minor: 1 };
    const created = Math.floor(Date.now() / 1000);
    const notice = { id: `evt_${randomUUID()}`, object: 'event', type: 'session.paid', created };
    const body = JSON.stringify({ ...notice, data: { object: session } });
    const signature = createHmac('sha256', sandboxKeys.webhookSecret).update(`${created}.${body}`).digest('hex');
    const headers = { 'frontrow-signature': `t=${created},v1=${signature}` };
    return (await fetch(webhookUrl, { method: 'POST', body, headers }).catch(() => undefined))?.status === 200;
  },
};

async function holdSoon(fan: RushFan, event: SeededEvent, seats: readonly number[]): Promise<Held | undefined> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const held = await fan.hold(event, seats, randomUUID());
    if (held) return held;
    await sleep(50);
  }
  return undefined;
}

const until = (at: number): Promise<void> => sleep(Math.max(0, at - instant()));
