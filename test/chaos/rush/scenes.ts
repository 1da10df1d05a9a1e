import { createHmac, randomUUID, randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { dropParked, listParked, requestReplay } from '#events/log/parked-administration.ts';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { seatMap } from '#redis/keys.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { merchantCall, sandboxKeys } from '#test/support/payments/sandbox-gateway.ts';
import { instant } from '../history.ts';
import { type Held, isGoingBack, READY_WITHIN_MS, type RushFan, type Seen } from './rush-fan.ts';

export type Stage = {
  readonly fan: RushFan;
  readonly rival: RushFan;
  /** Of this attempt alone. */
  readonly event: SeededEvent;
  readonly bookingUrl: string;
  readonly redisUrl: string;
  readonly gatewayUrl: string;
  readonly webhookUrl: string;
};

/** Returns whether the scene reached its purpose. With every part failing it may not, and is played again. */
export type Scene = (stage: Stage) => Promise<boolean>;

/** Situations that chance alone does not produce in some seconds. */
export const scenes: Readonly<Record<string, Scene>> = {
  /** Money that is reported when the hold has ended and another fan has one of the seats. */
  async paidTooLate({ fan, rival, event }) {
    const held = await fan.hold(event, [0, 1], randomUUID());
    if (!held) return false;
    let theirs: Promise<Held | undefined> | undefined;
    const seen = await fan.decide(held, 'pay', async () => {
      await until(held.endsAt - JUST_BEFORE_MS);
      theirs = until(held.endsAt).then(() => holdSoon(rival, event, [1]));
    });
    const rivals = await theirs;
    // The other hold must have lasted until the money came.
    const left = rivals && (await rival.look(rivals));
    return seen !== undefined && isSettled(seen) && left?.status !== 'EXPIRED' && left !== undefined;
  },

  /** Money that is reported when the hold has ended and its seats are still free. */
  async paidLate({ fan, event }) {
    const held = await fan.hold(event, [0, 1], randomUUID());
    if (!held) return false;
    const seen = await fan.decide(held, 'pay', () => until(held.endsAt - JUST_BEFORE_MS));
    return seen?.status === 'CONFIRMED' && fan.saw(held, 'EXPIRED');
  },

  /** Paid at the moment of its cancellation: the money arrives for a booking that has ended. */
  async paidAndCancelled({ fan, event }) {
    const held = await fan.hold(event, [0], randomUUID());
    if (!held) return false;
    let cancelling: Promise<unknown> | undefined;
    const seen = await fan.decide(held, 'pay', async () => {
      cancelling = sleep(JUST_BEFORE_MS).then(() => fan.cancel(held));
    });
    await cancelling;
    return seen !== undefined && isGoingBack(seen);
  },

  /** Paid, cancelled, refunded; and the seat is sold again. */
  async soldAgain({ fan, rival, event }) {
    const first = await fan.hold(event, [0], randomUUID());
    const sold = first && (await fan.decide(first, 'pay'));
    if (!first || sold?.status !== 'CONFIRMED' || (await fan.cancel(first)) !== 'ok') return false;
    const second = await rival.hold(event, [0], randomUUID());
    return second !== undefined && (await rival.decide(second, 'pay'))?.status === 'CONFIRMED';
  },

  /** More seats than allowed, in bookings of two. */
  async wantedTooMany({ fan, event }) {
    for (let seat = 0; seat < 8; seat += 2) await fan.hold(event, [seat, seat + 1], randomUUID());
    return true;
  },

  /** An unreadable message is before those of a booking, until it is dropped. */
  async poisoned({ fan, event, bookingUrl }) {
    const { eventId: key } = event;
    const sql = postgres(bookingUrl, { max: 1, connection: { application_name: 'storm' }, onnotice: () => undefined });
    const log = openPostgresLog({ url: bookingUrl, name: 'storm', poolMax: 1 });
    try {
      const poison = {
        id: randomUUIDv7(),
        topic: 'payment',
        key,
        event: { type: 'Poison' },
        createdAt: new Date(),
      } as const;
      // The log refuses it from time to time.
      if (!(await soon(() => log.append([poison]).then(isSo, isNotSo)))) return false;
      // It will be appended; without the drop it would stay parked.
      const parked = await soon(async () => (await listParked(sql, { key })).length > 0, PARKED_WITHIN_MS);
      const held = parked && (await fan.hold(event, [0], randomUUID()));
      const isBehind =
        held && (await soon(async () => (await listParked(sql, { key })).some(({ messages }) => messages > 1)));
      if (isBehind) await sleep(1_500);
      for (const { group } of await listParked(sql, { key }))
        await dropParked(sql, { id: poison.id, group }, { by: 'a scene', reason: 'poison' });
      await requestReplay(sql, { key }, 'a scene');
      return Boolean(held && isBehind && (await fan.when(held, ({ url }) => url !== null, READY_WITHIN_MS)));
    } finally {
      await Promise.all([sql.end(), log.close()]);
    }
  },

  /** A lagging copy of Redis takes over: a seat map is in an older state, and the next change builds on a later one. */
  async mapGoesBack({ fan, rival, event, redisUrl }) {
    const redis = new Redis(redisUrl);
    const key = seatMap(event.eventId);
    try {
      if (!(await fan.hold(event, [0], randomUUID()))) return false;
      const isThere = async () => {
        await fan.seatMap(event);
        return (await redis.exists(key)) === 1;
      };
      const before = (await soon(isThere)) && (await redis.dumpBuffer(key));
      if (!before || !(await fan.hold(event, [1], randomUUID()))) return false;
      // A change is pushed twice, and the second push would heal it.
      await sleep(TOLD_TWICE_WITHIN_MS);
      await redis.restore(key, 60_000, before, 'REPLACE');
      if (!(await rival.hold(event, [2], randomUUID()))) return false;
      for (let read = 0; read < 5; read++) {
        await fan.seatMap(event);
        await sleep(50);
      }
      return true;
    } finally {
      redis.disconnect();
    }
  },

  /** The gateway's own signature under an amount that is not the booking's. */
  async toldWrongAmount({ fan, event, gatewayUrl, webhookUrl }) {
    const held = await fan.hold(event, [0], randomUUID());
    if (!held || !(await fan.when(held, ({ url }) => url !== null, READY_WITHIN_MS))) return false;
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

/** Notices arrive half a second late. */
const JUST_BEFORE_MS = 120;

const TOLD_TWICE_WITHIN_MS = 1_500;
const PARKED_WITHIN_MS = 20_000;

const isSettled = (seen: Seen): boolean => seen.status === 'CONFIRMED' || isGoingBack(seen);

async function holdSoon(fan: RushFan, event: SeededEvent, seats: readonly number[]): Promise<Held | undefined> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const held = await fan.hold(event, seats, randomUUID());
    if (held) return held;
    await sleep(50);
  }
  return undefined;
}

async function soon(condition: () => Promise<boolean>, withinMs = READY_WITHIN_MS): Promise<boolean> {
  const deadline = instant() + withinMs;
  while (instant() < deadline) {
    if (await condition()) return true;
    await sleep(50);
  }
  return false;
}

const isSo = () => true;
const isNotSo = () => false;

const until = (at: number): Promise<void> => sleep(Math.max(0, at - instant()));
