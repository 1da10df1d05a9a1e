import { randomUUIDv7 } from 'node:crypto';
import { preparedByKey } from '#db/by-key.ts';
import { failpoint } from '#db/failpoint.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import { storedOrigin, withOrigin } from '#events/origin.ts';
import { inSets } from '#shared/in-sets.ts';
import { applyNotice } from './apply-notice.ts';
import type { GatewayName } from './gateway.ts';
import { recordOpening } from './open-session.ts';
import type { OpenedPayment, SettleNeeds, StepOutcome } from './settle-step.ts';

type Needs = Pick<SettleNeeds, 'db' | 'policy'>;

/** Sessions that are opened within this time are stored together. */
const GATHERING = { leastMs: 10, mostMs: 30 };

/** Returns a function that stores an opened session together with those that other callers opened meanwhile. */
export const openedInSets = (needs: Needs): ((opened: OpenedPayment) => Promise<StepOutcome>) =>
  inSets({
    together: (opened) => storeOpenedSessions(needs, opened),
    alone: ({ claimed, session, origin }) =>
      withOrigin(origin, () => recordOpening(needs, claimed, { kind: 'OPENED', session })),
    gathering: GATHERING,
  });

/**
 * Stores where to pay for several payments, and publishes it, in one statement. Afterwards applies the notices that
 * waited for one of these sessions: a notice that is being stored meanwhile either finds the session or is found here.
 */
async function storeOpenedSessions({ db, policy }: Needs, opened: readonly OpenedPayment[]): Promise<StepOutcome[]> {
  const origins = opened.map(({ origin }) => storedOrigin(origin));
  const bookingIds = plainArray(opened.map(({ claimed }) => claimed.bookingId));
  const references = opened.map(({ session }) => session.reference);
  const params = [
    bookingIds,
    references,
    opened.map(({ session }) => session.url),
    plainArray(opened.map(() => randomUUIDv7())),
    origins.map(({ requestId }) => requestId),
    origins.map(({ traceparent }) => traceparent),
    policy.askEverySeconds,
  ];
  const rows = await preparedByKey<{ booking_id: string }>(db, 'storeOpenedSessions', [STORE_SESSIONS, params]);
  failpoint('payments.session-stored');
  const waiting = await prepared<{ gateway: GatewayName; gatewayEventId: string }>(db, WAITING_NOTICES, [
    references,
    opened.map(({ claimed }) => claimed.bookingId),
  ]);
  for (const notice of waiting) await applyNotice({ db }, notice);
  const stored = new Set(rows.map((row) => row.booking_id));
  return opened.map(({ claimed }) => (stored.has(claimed.bookingId) ? 'SESSION_OPENED' : 'SUPERSEDED'));
}

const STORE_SESSIONS = `with opened as (
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[])
      as o (booking_id, reference, url, message_id, request_id, traceparent)
  ), stored as (
    update payments p set status = 'SESSION_CREATED', gateway_reference = o.reference, payment_url = o.url, checks = 0,
      updated_at = now(),
      next_check_at = case
        when p.closing_at is not null then now()
        when p.session_expires_at > now()
          then least(now() + make_interval(secs => $7::float8), p.session_expires_at)
        else now() + make_interval(secs => $7::float8) end
    from opened o where p.booking_id = any ($1::uuid[]) and p.booking_id = o.booking_id and p.status = 'CREATING_SESSION'
    returning p.booking_id, p.event_id, o.url, o.message_id, o.request_id, o.traceparent
  ), published as (
    insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload, request_id, traceparent)
    select message_id, 'payment', booking_id::text, 'PaymentSessionOpened', event_id,
      jsonb_build_object('type', 'PaymentSessionOpened', 'aggregateId', booking_id, 'eventId', event_id, 'url', url,
        'openedAt', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
      request_id, traceparent
    from stored
  )
  select booking_id from stored`;

const WAITING_NOTICES = `select gateway, gateway_event_id as "gatewayEventId" from notices
  where handled_at is null and (reference = any ($1::text[]) or booking_id = any ($2::text[])) order by occurred_at`;
