import { setTimeout as sleep } from 'node:timers/promises';
import type { AggregateType } from '#events/contracts.ts';
import type { EventLog } from '#events/log/log.ts';
import type { Plant } from './plants.ts';
import type { Actor } from './scheduler.ts';
import type { SqlEngine } from './sql-engine.ts';
import { type SqlServer, SqlSession } from './sql-server.ts';

/** What PostgreSQL keeps for readers of its write-ahead log: the rows of the outbox in the order of their commits. */
export type Slot = {
  readonly name: 'booking' | 'payments';
  acknowledged: number;
  holder: Actor | undefined;
  bell: () => void;
};

export const newSlot = (name: Slot['name']): Slot => ({ name, acknowledged: 0, holder: undefined, bell: () => {} });

/** Transactions are carried out one after the other, so the order of the inserts is that of the commits. */
export function keepFeed(engine: SqlEngine): void {
  engine.script(`
    create table feed (position bigserial primary key, id uuid not null);
    create function feed() returns trigger language plpgsql as
      $$ begin insert into feed (id) values (new.id); return null; end $$;
    create trigger feed after insert on outbox for each row execute function feed();`);
}

const FEED = `select f.position::float8 as position, o.id, o.aggregatetype as topic, o.event_id as key, o.payload as event
  from feed f join outbox o using (id) where f.position > $1 order by f.position limit 200`;

const STANDBY_MS = 700;
const LOOK_MS = 1500;

type Relay = {
  readonly actor: Actor;
  readonly server: SqlServer;
  readonly slot: Slot;
  readonly log: Pick<EventLog, 'append'>;
  readonly plants: ReadonlySet<Plant>;
};

/**
 * Outbox -> event log in commit order. A position is acknowledged only after the log has stored all messages before
 * it, so a death in between repeats messages and never skips one.
 */
export async function runRelay({ actor, server, slot, log, plants }: Relay): Promise<void> {
  const session = new SqlSession(actor);
  for (;;) {
    if (slot.holder?.isAlive && slot.holder !== actor) {
      await sleep(STANDBY_MS);
      continue;
    }
    slot.holder = actor;
    try {
      const rung = new Promise<void>((resolve) => {
        slot.bell = resolve;
      });
      const rows = await read(server, session, slot.acknowledged);
      if (rows.length === 0) await Promise.race([rung, sleep(LOOK_MS)]);
      else {
        const last = rows.at(-1)?.position ?? slot.acknowledged;
        if (plants.has('acknowledged before the append')) slot.acknowledged = last;
        await log.append(rows);
        slot.acknowledged = last;
      }
    } catch {
      session.isBroken = false;
      await sleep(STANDBY_MS);
    }
  }
}

function read(server: SqlServer, session: SqlSession, after: number) {
  const createdAt = new Date();
  return new Promise<ReturnType<typeof toMessage>[]>((resolve, reject) => {
    server.send(session, FEED, [after], (answer) =>
      answer instanceof Error ? reject(answer) : resolve(answer.rows.map((row) => toMessage(row, createdAt))),
    );
  });
}

const toMessage = (row: Record<string, unknown>, createdAt: Date) => ({
  position: Number(row.position),
  id: String(row.id),
  topic: row.topic as AggregateType,
  key: String(row.key),
  event: row.event,
  createdAt,
});
