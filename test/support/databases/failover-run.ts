import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeDb, openDb } from '#db/client.ts';
import { migrate } from '#db/migrate.ts';
import { ensureDatabase } from '#processes/dev/servers/postgres.ts';
import { type System, startSystem } from '#test/support/system/system.ts';
import { findLost, openAcknowledged } from './acknowledged.ts';
import { expectAllInvariants } from './all-invariants.ts';
import { startBuying } from './buying-clients.ts';
import { type SeededEvent, seedEvent } from './catalog.ts';
import type { TestDatabase } from './databases.ts';
import { openReplicatedPostgres, type ReplicatedPostgres } from './replicated-postgres.ts';

/** The fault of the primary: its standby is promoted, or the primary comes back after a crash of that kind. */
export type Blow = 'promotion' | 'kill' | 'immediate';

export type BlowReport = {
  readonly blow: Blow;
  /** Acknowledged before, and checked afterwards. */
  readonly held: number;
  readonly confirmed: number;
  readonly lost: readonly string[];
  /** From the death of the primary to the next hold that was acknowledged to a client. */
  readonly awayMs: number;
};

export type FailoverOptions = {
  readonly blows: readonly Blow[];
  readonly clients: number;
  /** Load between two faults. */
  readonly calmMs: number;
  readonly redisUrl: string;
  readonly durable: boolean;
  readonly tell?: (report: BlowReport) => void;
  /** Before the load begins. */
  readonly whileWhole?: (system: System, event: SeededEvent) => Promise<void>;
  /** How long the crashed primary is away before it comes back. */
  readonly whileAway?: (system: System, event: SeededEvent) => Promise<void>;
};

export type FailoverRun = {
  readonly reports: readonly BlowReport[];
  readonly calls: number;
  /** Calls that had to be repeated, for any reason. */
  readonly triedAgain: number;
  /** Codes of calls without an answer, and for holds the advice. */
  readonly refusals: ReadonlySet<string>;
};

/**
 * The whole product under load on a PostgreSQL with a synchronous standby and a primary that dies again and again.
 * Throws when an invariant does not hold at the end; lost changes are in the reports.
 */
export async function runFailovers(options: FailoverOptions): Promise<FailoverRun> {
  const dir = await mkdtemp(join(tmpdir(), 'frontrow-failover-'));
  const server = await openReplicatedPostgres({ dir, durable: options.durable });
  const acknowledged = openAcknowledged(join(dir, 'acknowledged.jsonl'));
  try {
    const system = await startOn(server, options);
    try {
      const event = await seed(system);
      await server.addStandby();
      await options.whileWhole?.(system, event);
      const buying = await startBuying({ apiUrl: system.apiUrl, event, clients: options.clients, acknowledged });
      const reports: BlowReport[] = [];
      for (const blow of options.blows) {
        await sleep(options.calmMs);
        const before = acknowledged.read();
        const whileAway = async () => options.whileAway?.(system, event);
        const awayMs = await strike(server, blow, { whileAway, nextHold: buying.nextHold });
        const lost = await findLost(system.bookingUrl, before);
        const held = before.filter(({ what }) => what === 'held').length;
        const report = { blow, held, confirmed: before.length - held, lost, awayMs };
        reports.push(report);
        options.tell?.(report);
      }
      await buying.stop();
      await expectAllInvariants(system, { withinMs: 60_000 });
      const atTheEnd = await findLost(system.bookingUrl, acknowledged.read());
      if (atTheEnd.length > 0) throw new Error(`Lost in the end: ${atTheEnd.join(', ')}`);
      return { reports, ...buying.tally };
    } finally {
      await system.stop();
    }
  } finally {
    acknowledged.close();
    await server.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Returns how long no client could hold a seat. A new standby exists when it returns. */
async function strike(
  server: ReplicatedPostgres,
  blow: Blow,
  { whileAway, nextHold }: Record<'whileAway' | 'nextHold', () => Promise<void>>,
): Promise<number> {
  const diedAtMs = performance.now();
  if (blow === 'promotion') await server.failOver();
  else {
    await server.crash(blow);
    await whileAway();
    await server.restart();
  }
  await nextHold();
  const awayMs = performance.now() - diedAtMs;
  if (blow === 'promotion') await server.addStandby();
  return awayMs;
}

async function startOn(server: ReplicatedPostgres, { redisUrl }: FailoverOptions): Promise<System> {
  const database = async (folder: 'booking' | 'payments'): Promise<TestDatabase> => {
    const url = await ensureDatabase(server.url, `frontrow_${folder}`);
    await migrate({ url, folder });
    // The whole server goes away.
    return { url, drop: async () => undefined };
  };
  const databases = { booking: await database('booking'), payments: await database('payments') };
  // Few fans own all holds.
  const env = { LOG_LEVEL: 'warn', RATE_LIMITS: 'off', MAX_SEATS_PER_EVENT: '1000000' };
  return startSystem({ databases, redisUrl, env });
}

async function seed(system: System): Promise<SeededEvent> {
  const db = openDb({ url: system.bookingUrl, poolMax: 1, name: 'failover' });
  try {
    return await seedEvent(db, { seats: 60_000, rows: 200, sections: 3 });
  } finally {
    await closeDb(db);
  }
}
