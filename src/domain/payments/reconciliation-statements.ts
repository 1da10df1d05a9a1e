import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { uuidArray } from '#db/prepared.ts';
import type { GatewayName, MovementKind } from './gateway.ts';
import type { Difference, OurMovement, UnfinishedRefund } from './reconciliation-rules.ts';

type Times = { readonly from: Date; readonly to: Date };

/** The bookings whose money moved at the gateway in this time, by our journal. */
export async function bookingsWithMovements(db: Db, { from, to }: Times): Promise<string[]> {
  const rows = await db.execute<{ booking_id: string }>(sql`
    select distinct booking_id from journal_entries
    where occurred_at >= ${from.toISOString()}::timestamptz and occurred_at < ${to.toISOString()}::timestamptz
      and booking_id is not null
      and kind in ('CAPTURE', 'REFUND_DONE', 'REFUND_UNDONE', 'DISPUTE_OPENED', 'DISPUTE_WON')`);
  return rows.map((row) => row.booking_id);
}

/** The bookings of these payments of the gateway, by payment. */
export async function bookingsOfPayments(
  db: Db,
  gateway: GatewayName,
  payments: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db.execute<{ payment: string; booking: string }>(sql`
    select gateway_payment as payment, booking_id as booking from payments
    where gateway = ${gateway} and gateway_payment in (select jsonb_array_elements_text(${JSON.stringify(payments)}::jsonb))`);
  return new Map(rows.map(({ payment, booking }) => [payment, booking]));
}

type Row = {
  kind: MovementKind;
  booking: string;
  names: string[];
  amount: number | null;
  currency: string | null;
  at: string | null;
  state: UnfinishedRefund['state'] | null;
};

/** What our journal has of these bookings at the gateway, at any time, and their refunds that have no entry of it. */
export async function ourMovementsOf(
  db: Db,
  gateway: GatewayName,
  bookings: readonly string[],
): Promise<{ ours: OurMovement[]; unfinished: UnfinishedRefund[] }> {
  const rows = await db.execute<Row>(sql`
    with about as (
      select * from payments where gateway = ${gateway} and booking_id = any(${uuidArray(bookings)}::uuid[])
    ), facts as (
      select 'CAPTURE' as kind, id as entry_id, booking_id, null as state, case when gateway = 'sandbox'
        then array[gateway_reference] else array[coalesce(gateway_payment, 'booking:' || booking_id), gateway_reference] end as names
      from about
      union all
      select step.kind, md5('refund ' || r.id || ' ' || step.entry)::uuid, r.booking_id,
        case when r.status = 'PENDING' then 'PENDING' when r.failure_reason = 'GATEWAY_FAILED' then 'FAILED_AT_GATEWAY' end,
        array_remove(array[r.gateway_reference, 'refund:' || r.id], null)
      from about join refunds r using (booking_id),
        (values ('REFUND', 'REFUND_DONE'), ('REFUND_RETURNED', 'REFUND_UNDONE')) as step (kind, entry)
      union all
      select step.kind, md5('dispute ' || d.gateway || ' ' || d.id || ' ' || step.entry)::uuid, d.booking_id, null, array[d.id]
      from about join disputes d using (booking_id),
        (values ('DISPUTE_WITHDRAWN', 'DISPUTE_OPENED'), ('DISPUTE_RETURNED', 'DISPUTE_WON')) as step (kind, entry)
    )
    select f.kind, f.booking_id as booking, f.names, f.state, abs(l.amount_minor)::float8 as amount, l.currency,
      e.occurred_at as at
    from facts f
      left join (journal_entries e join journal_lines l on l.entry_id = e.id and l.account = 'gateway_clearing')
      on e.id = f.entry_id
    where e.id is not null or f.state is not null`);
  return { ours: rows.flatMap(readOurs), unfinished: rows.flatMap(readUnfinished) };
}

function readOurs({ kind, booking, names, amount, currency, at }: Row): OurMovement[] {
  if (amount === null || currency === null || at === null) return [];
  return [{ kind, bookingId: booking, names, amountMinor: amount, currency, at: new Date(at) }];
}

const readUnfinished = ({ names, amount, state }: Row): UnfinishedRefund[] =>
  state === null || amount !== null ? [] : [{ names, state }];

export type OfDay = { readonly gateway: GatewayName; readonly day: string };

/** Keeps the differences of a day, once each; what was found before and is gone gets `resolved_at`. */
export async function keepDifferences(db: Db, { gateway, day }: OfDay, found: readonly Difference[]): Promise<void> {
  const rows = found.map(({ kind, movement, reference, bookingId, ours, gateway: theirs, at }) => ({
    ...{ kind, movement, reference, booking_id: bookingId, happened_at: at.toISOString() },
    ...{ our_minor: ours?.amountMinor, our_currency: ours?.currency },
    ...{ gateway_minor: theirs?.amountMinor, gateway_currency: theirs?.currency },
  }));
  await db.execute(sql`
    with found as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as f (kind text, movement text, reference text,
        booking_id text, our_minor bigint, our_currency text, gateway_minor bigint, gateway_currency text,
        happened_at timestamptz)
    ), kept as (
      insert into reconciliation_differences as d (gateway, day, kind, movement, reference, booking_id, our_minor,
        our_currency, gateway_minor, gateway_currency, happened_at)
      select ${gateway}, ${day}::date, f.* from found f
      on conflict (gateway, day, movement, reference, kind) do update set our_minor = excluded.our_minor,
        our_currency = excluded.our_currency, gateway_minor = excluded.gateway_minor,
        gateway_currency = excluded.gateway_currency, resolved_at = null
    ), gone as (
      update reconciliation_differences d set resolved_at = now()
      where gateway = ${gateway} and day = ${day}::date and resolved_at is null and not exists (
        select from found f where f.kind = d.kind and f.movement = d.movement and f.reference = d.reference)
    )
    insert into reconciled_days (gateway, day, reconciled_at) values (${gateway}, ${day}::date, now())
    on conflict (gateway, day) do update set reconciled_at = now(), claimed_until = null`);
}

type DueDays = { readonly gateway: GatewayName; readonly marginSeconds: number };

/**
 * Claims the oldest of the last seven days that is over, has movements before its end, and was not compared since its end,
 * or has open differences that were last looked at six hours ago. Returns undefined when there is none.
 */
export async function claimDueDay(db: Db, { gateway, marginSeconds }: DueDays): Promise<string | undefined> {
  const [row] = await db.execute<{ day: string }>(sql`
    insert into reconciled_days as d (gateway, day, claimed_until)
    select ${gateway}, due.day, now() + interval '15 minutes'
    from (select (now() at time zone 'UTC')::date - n as day from generate_series(1, 7) n) due
      left join reconciled_days known on known.gateway = ${gateway} and known.day = due.day
    where now() >= (due.day + 1)::timestamp at time zone 'UTC' + make_interval(secs => ${marginSeconds})
      and exists (select from journal_entries where occurred_at < (due.day + 1)::timestamp at time zone 'UTC')
      and (known.claimed_until is null or known.claimed_until < now())
      and (known.reconciled_at is null
        or known.reconciled_at < (due.day + 1)::timestamp at time zone 'UTC' + make_interval(secs => ${marginSeconds})
        or known.reconciled_at < now() - interval '6 hours' and exists (select from reconciliation_differences o
          where o.gateway = ${gateway} and o.day = due.day and o.resolved_at is null))
    order by due.day limit 1
    on conflict (gateway, day) do update set claimed_until = excluded.claimed_until
      where d.claimed_until is null or d.claimed_until < now()
    returning d.day::text as day`);
  return row?.day;
}
