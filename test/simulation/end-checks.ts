import { readInvariants } from '#domain/invariants.ts';
import {
  BOOKING_FACTS,
  type BookingFact,
  readInvariants as readMoneyInvariants,
  rowOf,
} from '#processes/invariants/money.ts';
import type { Audit } from './audit.ts';
import type { Engines } from './fixture.ts';
import type { SqlResult } from './sql-engine.ts';
import type { World } from './world.ts';

export type EndChecks = {
  readonly booking: { id: string; query: string }[];
  readonly money: { id: string; text: string }[];
};

export const readEndChecks = async (): Promise<EndChecks> => ({
  booking: readInvariants(),
  money: await readMoneyInvariants(),
});

/** Runs the invariants of a running system on the databases at the end. */
export function checkEnd(world: World, engines: Engines, checks: EndChecks): void {
  const { audit, books, stores, history } = world;
  for (const { bookingId, isConfirmed } of world.acknowledged) {
    const status = books.bookings.get(bookingId)?.status;
    const isKept = status !== undefined && (!isConfirmed || status === 'CONFIRMED');
    audit.expect(isKept, 'D1', () => `${history.name(bookingId)} was acknowledged and is ${status ?? 'gone'}`);
  }
  const seen = new Set<string>();
  for (const { id, topic, partition, offset, key, event, createdAt } of stores.log.messages) {
    if (seen.has(id)) continue;
    seen.add(id);
    engines.booking.query(
      `insert into event_log.messages (topic, partition, "offset", id, key, event, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
      [topic, partition, offset, id, key, event, createdAt],
    );
  }
  for (const { id, query } of checks.booking) {
    expectNothing(audit, id, () => stores.booking.look(query.replace(/;\s*$/, '')));
  }
  checkMoney(world, engines, checks);
}

function checkMoney({ audit, books, stores }: World, { payments }: Engines, checks: EndChecks): void {
  payments.script(`select set_config('frontrow.grace', '0 seconds', false)`);
  const { rows } = stores.booking.look(BOOKING_FACTS);
  const details = new Map((rows as BookingFact[]).map((fact) => [fact.id, fact]));
  for (const { id, status, totalMinor, createdMs, tender } of books.bookings.values()) {
    const { linesMinor = 0, handMinor = 0, validSeats = [], isEventOver = false } = details.get(id) ?? {};
    const fact = { id, status, totalMinor, currency: 'USD', createdAt: new Date(createdMs), isOnline: tender === null };
    payments.query('insert into booking_facts select * from jsonb_populate_record(null::booking_facts, $1)', [
      JSON.stringify(rowOf({ ...fact, linesMinor, handMinor, validSeats, isEventOver })),
    ]);
  }
  for (const session of stores.gateway.sessions.values()) {
    const { reference, bookingId, capturedMinor, currency, capturedAtMs } = session;
    if (session.status === 'PAID')
      payments.query('insert into gateway_captures values ($1, $2, $3, $4, $5)', [
        reference,
        bookingId,
        capturedMinor,
        currency,
        new Date(capturedAtMs),
      ]);
    for (const { amountMinor } of session.refunds)
      payments.query('insert into gateway_refunds values ($1, $2, $3, $4)', [
        reference,
        bookingId,
        amountMinor,
        currency,
      ]);
  }
  for (const { id, text } of checks.money) {
    expectNothing(audit, id, () => stores.payments.look(text.replace(/;\s*$/, '')));
  }
}

/** Very wrong books make a query fail, such as a sale that ended before it began. */
function expectNothing(audit: Audit, id: string, look: () => SqlResult): void {
  try {
    const { rows } = look();
    if (rows.length > 0) audit.broken(id, JSON.stringify(rows.slice(0, 3)));
  } catch (error) {
    audit.broken(id, String(error));
  }
}
