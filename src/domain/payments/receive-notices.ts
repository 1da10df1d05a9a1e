import { randomUUIDv7 } from 'node:crypto';
import { BY_KEY } from '#db/by-key.ts';
import type { Db, Tx } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import { inTransaction } from '#db/transaction.ts';
import { currentOrigin, originOf, type StoredOrigin, storedOrigin, withOrigin } from '#events/origin.ts';
import { inSets } from '#shared/in-sets.ts';
import { applyNotice, type NoticeOutcome, type Resume } from './apply-notice.ts';
import type { GatewayName, Notice, PaymentGateway } from './gateway.ts';
import { judgeSession } from './payment-rules.ts';
import type { PaymentStatus } from './payment-status.ts';

type Needs = { readonly db: Db; readonly gateway: Pick<PaymentGateway, 'name'> };
export type KeptNotice = { readonly outcome: NoticeOutcome | 'STORED'; readonly cause?: unknown };
type Arrived = { readonly notice: Notice; readonly resume: Resume | undefined };

/** Notices that arrive within this time are stored together. */
const GATHERING = { leastMs: 10, mostMs: 30 };

/**
 * Returns a function that stores a notice and applies it. When it resolves, the notice is durable; it rejects when the
 * notice may not be stored. Notices that arrive together are stored by one transaction, which also applies those that
 * report the expected payment. The others, and those of a transaction that failed, are handled one by one.
 */
export const keptInSets = (needs: Needs): ((notice: Notice, resume?: Resume) => Promise<KeptNotice>) => {
  const keep = inSets<Arrived, KeptNotice>({
    together: (arrived) => keepAll(needs, arrived),
    alone: (arrived) => keepOne(needs, arrived),
    gathering: GATHERING,
  });
  return (notice, resume) => keep({ notice, resume });
};

/** Stores and applies one notice. */
export async function keepOne({ db, gateway }: Needs, { notice, resume }: Arrived): Promise<KeptNotice> {
  await storeNotices(db, gateway.name, [notice]);
  failpoint('payments.notice-stored');
  return apply({ db, gateway }, { notice, resume });
}

/** A stored notice is not lost when it cannot be applied now: the sweep over waiting notices applies it later. */
async function apply({ db, gateway }: Needs, { notice, resume }: Arrived): Promise<KeptNotice> {
  try {
    const key = { gateway: gateway.name, gatewayEventId: notice.gatewayEventId };
    const outcome = await applyNotice({ db, ...(resume && { resume }) }, key);
    failpoint('payments.notice-applied');
    return { outcome };
  } catch (cause) {
    return { outcome: 'STORED', cause };
  }
}

async function keepAll({ db, gateway }: Needs, arrived: readonly Arrived[]): Promise<KeptNotice[]> {
  const notices = arrived.map(({ notice }) => notice);
  const applied = await inTransaction(db, 'receive-notices', async (tx) => {
    const [, , fresh, payments] = await Promise.all([
      prepared(tx, BY_KEY, []),
      storeNotices(tx, gateway.name, notices),
      lockNotices(tx, gateway.name, notices),
      lockPayments(tx, gateway.name, notices),
    ]);
    const captures = await Promise.all(capturesOf(arrived, fresh, payments));
    if (captures.length > 0) await storeCaptures(tx, gateway.name, captures);
    failpoint('payments.notice-stored');
    return new Set(captures.map(({ notice }) => notice.gatewayEventId));
  });
  failpoint('payments.notice-applied');
  return Promise.all(
    arrived.map(({ notice, resume }) =>
      applied.has(notice.gatewayEventId)
        ? Promise.resolve({ outcome: 'APPLIED' as const })
        : apply({ db, gateway }, { notice, resume }),
    ),
  );
}

async function storeNotices(db: Db | Tx, gateway: GatewayName, notices: readonly Notice[]): Promise<void> {
  await prepared(
    db,
    `insert into notices (gateway, gateway_event_id, type, reference, booking_id, amount_minor, currency, occurred_at,
       payment_reference, subject, state)
     select $1, id, type, reference, booking_id, amount, currency, to_timestamp(at_ms / 1000), payment, subject, state
     from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::float8[], $9::text[],
       $10::text[], $11::text[]) as n (id, type, reference, booking_id, amount, currency, at_ms, payment, subject, state)
     on conflict do nothing`,
    [
      gateway,
      notices.map(({ gatewayEventId }) => gatewayEventId),
      notices.map(({ type }) => type),
      notices.map(({ reference }) => reference ?? null),
      notices.map(({ bookingId }) => bookingId ?? null),
      plainArray(notices.map(({ amountMinor }) => amountMinor ?? null)),
      notices.map(({ currency }) => currency ?? null),
      plainArray(notices.map(({ occurredAt }) => occurredAt.getTime())),
      notices.map(({ paymentReference }) => paymentReference ?? null),
      notices.map(({ dispute }) => dispute?.id ?? null),
      notices.map(({ dispute }) => dispute?.state ?? null),
    ],
  );
}

/** The notices that were not handled yet. */
async function lockNotices(tx: Tx, gateway: GatewayName, notices: readonly Notice[]): Promise<ReadonlySet<string>> {
  const rows = await prepared<{ id: string }>(
    tx,
    `select gateway_event_id as id from notices
     where gateway = $1 and gateway_event_id = any ($2::text[]) and handled_at is null order by 1 for update`,
    [gateway, notices.map(({ gatewayEventId }) => gatewayEventId)],
  );
  return new Set(rows.map(({ id }) => id));
}

type Payment = StoredOrigin & {
  readonly id: string;
  readonly bookingId: string;
  readonly eventId: string;
  readonly status: PaymentStatus;
  readonly amountMinor: number;
  readonly currency: string;
  readonly capturedMinor: number;
  readonly capturedCurrency: string | null;
  readonly reference: string;
};

async function lockPayments(
  tx: Tx,
  gateway: GatewayName,
  notices: readonly Notice[],
): Promise<ReadonlyMap<string, Payment>> {
  const rows = await prepared<Payment>(
    tx,
    `select id, booking_id as "bookingId", event_id as "eventId", status, amount_minor::float8 as "amountMinor", currency,
       captured_minor::float8 as "capturedMinor", captured_currency as "capturedCurrency", gateway_reference as reference,
       request_id as "requestId", traceparent
     from payments where gateway = $1 and gateway_reference = any ($2::text[]) order by id for update`,
    [gateway, notices.flatMap(({ reference }) => reference ?? [])],
  );
  return new Map(rows.map((payment) => [payment.reference, payment]));
}

type Capture = { readonly notice: Notice; readonly payment: Payment; readonly origin: StoredOrigin };

/** The first notice of each payment, if it reports exactly the requested money. */
function capturesOf(
  arrived: readonly Arrived[],
  fresh: ReadonlySet<string>,
  payments: ReadonlyMap<string, Payment>,
): Promise<Capture>[] {
  const seen = new Set<string>();
  return arrived.flatMap(({ notice, resume = withOrigin }) => {
    const payment = payments.get(notice.reference ?? '');
    if (!payment || !fresh.has(notice.gatewayEventId) || seen.has(payment.id)) return [];
    seen.add(payment.id);
    if (notice.type !== 'SESSION_PAID' || notice.amountMinor === undefined) return [];
    const paid = { status: 'PAID', capturedMinor: notice.amountMinor, currency: notice.currency } as const;
    if (judgeSession(payment, paid) !== 'SUCCEED') return [];
    const origin = resume(originOf(payment), async () => storedOrigin(currentOrigin()));
    return [origin.then((of) => ({ notice, payment, origin: of }))];
  });
}

async function storeCaptures(tx: Tx, gateway: GatewayName, captures: readonly Capture[]): Promise<void> {
  const events = captures.map(({ notice, payment }) => ({
    type: 'PaymentSucceeded',
    aggregateId: payment.bookingId,
    eventId: payment.eventId,
    amountMinor: payment.amountMinor,
    currency: payment.currency,
    capturedAt: notice.occurredAt.toISOString(),
  }));
  const paymentIds = plainArray(captures.map(({ payment }) => payment.id));
  const storing = prepared<{ count: number }>(tx, STORE_CAPTURES, [
    gateway,
    paymentIds,
    captures.map(({ notice }) => notice.gatewayEventId),
    plainArray(captures.map(({ notice }) => notice.occurredAt.getTime())),
    plainArray(captures.map(() => randomUUIDv7())),
    JSON.stringify(events),
    captures.map(({ origin }) => origin.requestId),
    captures.map(({ origin }) => origin.traceparent),
    captures.map(({ notice }) => notice.paymentReference ?? null),
  ]);
  const [[done]] = await Promise.all([storing, prepared(tx, 'select enter_captures($1::uuid[])', [paymentIds])]);
  if (done?.count !== captures.length) throw new Error('A payment changed although it was locked.');
}

const STORE_CAPTURES = `with paid as (
    select * from rows from (unnest($2::uuid[], $3::text[], $4::float8[], $5::uuid[]), jsonb_array_elements($6::jsonb),
      unnest($7::text[], $8::text[], $9::text[]))
      as c (id, notice_id, at_ms, message_id, event, request_id, traceparent, payment)
  ), captured as (
    update payments p set status = 'PAYMENT_SUCCESS', captured_minor = p.amount_minor, captured_currency = p.currency,
      captured_at = to_timestamp(c.at_ms / 1000), in_doubt = false, updated_at = now(),
      gateway_payment = coalesce(c.payment, p.gateway_payment)
    from paid c where p.id = any ($2::uuid[]) and p.id = c.id and p.status in ('CREATING_SESSION', 'SESSION_CREATED', 'PAYMENT_FAILED')
    returning 1
  ), published as (
    insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload, request_id, traceparent)
    select message_id, 'payment', event ->> 'aggregateId', 'PaymentSucceeded', (event ->> 'eventId')::uuid, event,
      request_id, traceparent
    from paid
  ), handled as (
    update notices set handled_at = now(), outcome = 'APPLIED'
    where gateway = $1 and gateway_event_id = any ($3::text[])
  )
  select count(*)::int as count from captured`;
