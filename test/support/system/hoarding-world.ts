import { sql } from 'drizzle-orm';
import { closeDb, openDb } from '#db/client.ts';
import { pause } from '#test/fans/fan.ts';
import { attack, attackEverywhere, type Tally } from '#test/fans/hoarding-attack.ts';
import { type Bought, buyTwoEach } from '#test/fans/honest-fans.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type System, type SystemOptions, startSystem } from './system.ts';

/** Of all decisions. With one seed for both, each fan would choose the same seats as one of the attackers. */
const SEEDS = { attackers: 1, fans: 2 };
/** Fans who have not bought this long after the end of the attack will not buy. */
const PATIENCE_SECONDS = 240;

/** An address reserved for documentation. */
const ATTACKER = '203.0.113.66';
const NOMAD = '203.0.113.99';
const NETWORK = '198.51.100.7';

export type HoardingSize = {
  readonly seats: number;
  readonly guests: number;
  readonly events: number;
  /** The minimum duration; the attack goes on until all fans have bought. */
  readonly seconds: number;
  readonly keepSeconds: number;
  readonly fans: number;
  /** When the first fan comes, and the period in which all come. */
  readonly fansAfterSeconds: number;
  readonly fansArriveSeconds: number;
  readonly thinkSeconds: number;
};

export type HoardingFigures = {
  readonly capacity: number;
  /** Seats of the event that the attacker held, at each count. */
  readonly held: readonly number[];
  /** Seats that the one guest held, and at how many events. */
  readonly nomad: { readonly seats: number; readonly events: number };
  readonly attack: Tally;
  readonly fans: Bought;
};

/** What must have been observed before the run ends. */
export type Until = (seen: { held: readonly number[]; attack: Tally; nomad: HoardingFigures['nomad'] }) => boolean;

export type HoardingWorld = {
  readonly system: System;
  readonly event: SeededEvent;
  /** All of it at once: the attack, the one guest at many events, and the honest fans. */
  play(until: Until, other?: { apiUrl?: string; fans?: number }): Promise<HoardingFigures>;
  close(): Promise<void>;
};

/** The whole product behind a proxy, with its default limits. */
export async function openHoardingWorld(size: HoardingSize, options: SystemOptions = {}): Promise<HoardingWorld> {
  const system = await startSystem({
    ...options,
    env: { TRUST_PROXY: '1', LOG_LEVEL: 'warn', HOARDING_LIMITS: 'on', ...options.env },
  });
  const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'hoarding' });
  const event = await seedEvent(db, { seats: size.seats, rows: 40 });
  const others: SeededEvent[] = [];
  while (others.length < size.events) others.push(await seedEvent(db, { seats: size.seats, like: event }));

  /** Seats that these users hold unpaid, and at how many events. */
  const heldBy = async (users: ReadonlySet<string>, where = sql`true`) => {
    const rows = await db.execute<{ user_id: string; event_id: string; seats: number }>(sql`
      select b.user_id, b.event_id, count(*)::int as seats from bookings b join booking_seats s on s.booking_id = b.id
      where b.status = 'PENDING_PAYMENT' and ${where} group by b.user_id, b.event_id`);
    const own = rows.filter(({ user_id }) => users.has(user_id));
    return {
      seats: own.reduce((sum, row) => sum + row.seats, 0),
      events: new Set(own.map((row) => row.event_id)).size,
    };
  };

  return {
    system,
    event,
    async play(until, { apiUrl = system.apiUrl, fans = size.fans } = {}) {
      const ending = new AbortController();
      const [users, nomads] = [new Set<string>(), new Set<string>()];
      const { signal } = ending;
      const held: number[] = [];
      let nomad = { seats: 0, events: 0 };
      const watching = (async () => {
        while (!signal.aborted) {
          held.push((await heldBy(users, sql`b.event_id = ${event.eventId}`)).seats);
          const now = await heldBy(nomads);
          if (now.seats > nomad.seats) nomad = now;
          await pause(0.5, signal);
        }
      })();
      const tally: Tally = new Map();
      const attacking = attack(
        {
          caller: { apiUrl, address: ATTACKER },
          event,
          guests: size.guests,
          keepSeconds: size.keepSeconds,
          seed: SEEDS.attackers,
          signal,
        },
        { users, tally },
      );
      const wandering = attackEverywhere({ caller: { apiUrl, address: NOMAD }, events: others, signal }, nomads);
      const buying = (async () => {
        await pause(size.fansAfterSeconds, signal);
        const caller = { apiUrl, address: NETWORK };
        const { thinkSeconds, fansArriveSeconds: arriveSeconds } = size;
        return await buyTwoEach({ caller, event, fans, arriveSeconds, thinkSeconds, seed: SEEDS.fans, signal });
      })();
      await Promise.all([Promise.race([buying, pause(size.seconds + PATIENCE_SECONDS)]), pause(size.seconds)]);
      while (!until({ held, attack: tally, nomad })) await pause(0.2);
      ending.abort();
      const [bought] = await Promise.all([buying, attacking, wandering, watching]);
      return { capacity: size.seats, held, nomad, attack: tally, fans: bought };
    },
    async close() {
      await closeDb(db);
      await system.stop();
    },
  };
}
