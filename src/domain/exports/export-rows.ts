import type { Db } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import type { SeatingPlan } from '../catalog/seating-plan.ts';
import { decimalText } from '../currency-rules.ts';
import type { CsvValue } from './csv-rules.ts';
import type { ExportKind } from './export-links.ts';

type Needs = { readonly db: Db; readonly plan: SeatingPlan };

/** The columns of the files, in their order. */
export const columns: Readonly<Record<ExportKind, readonly string[]>> = {
  bookings: [
    ...['booking', 'status', 'payment', 'created', 'confirmed', 'ended', 'tickets', 'currency', 'total', 'refunded'],
    ...['tender', 'reference', 'holder', 'holderEmail'],
  ],
  tickets: [
    ...['ticket', 'booking', 'status', 'section', 'row', 'seat', 'ticketType', 'priceLevel', 'currency', 'face'],
    ...['feesAndTaxes', 'total', 'issued', 'checkedIn', 'voided', 'holder'],
  ],
};

const PAGE = 1_000;

/** Rows of the file, page by page, so that the memory does not grow with the event. Pages may see different moments. */
export async function* rowsOf({ db, plan }: Needs, kind: ExportKind, eventId: string): AsyncGenerator<CsvValue[][]> {
  let after: string | null = null;
  do {
    const page: { id: string; cells: CsvValue[] }[] =
      kind === 'bookings' ? await bookingsAfter(db, eventId, after) : await ticketsAfter({ db, plan }, eventId, after);
    after = page.length === PAGE ? (page.at(-1)?.id ?? null) : null;
    yield page.map(({ cells }) => cells);
  } while (after !== null);
}

type BookingLine = Record<'id' | 'status' | 'payment' | 'created' | 'currency', string> &
  Record<'confirmed' | 'ended' | 'tender' | 'reference' | 'holder' | 'email', string | null> & {
    readonly tickets: number;
    readonly totalMinor: number;
    readonly refundedMinor: number | null;
  };

async function bookingsAfter(db: Db, eventId: string, after: string | null) {
  const rows = await prepared<BookingLine>(db, BOOKINGS, [eventId, after, PAGE]);
  return rows.map(({ id, currency, ...b }) => ({
    id,
    cells: [
      ...[id, b.status, b.payment, b.created, b.confirmed, b.ended, b.tickets, currency],
      ...[decimalText(b.totalMinor, currency), decimalText(b.refundedMinor ?? 0, currency)],
      ...[b.tender, b.reference, b.holder, b.email],
    ],
  }));
}

const iso = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Bookings that were paid, also those that ended since. */
const BOOKINGS = `
  select b.id, b.status, b.payment_status as payment, ${iso('b.created_at')} as created,
    ${iso('b.confirmed_at')} as confirmed, ${iso('b.released_at')} as ended,
    ((select count(*) from booking_seats s where s.booking_id = b.id) + coalesce(b.voided_tickets, 0))::int as tickets, b.currency,
    b.total_minor::float8 as "totalMinor", b.refunded_minor::float8 as "refundedMinor", b.tender,
    b.tender_reference as reference, b.holder_name as holder, b.holder_email as email
  from bookings b
  where b.event_id = $1::uuid and b.confirmed_at is not null and ($2::uuid is null or b.id > $2::uuid)
  order by b.id limit $3::int`;

type TicketLine = Record<'id' | 'booking' | 'status' | 'currency' | 'issued', string> &
  Record<'type' | 'level' | 'checkedIn' | 'voided' | 'holder', string | null> & {
    readonly seatNo: number;
    readonly faceMinor: number;
    readonly addedMinor: number;
  };

async function ticketsAfter({ db, plan }: Needs, eventId: string, after: string | null) {
  const rows = await prepared<TicketLine>(db, TICKETS, [eventId, after, PAGE]);
  return rows.map(({ id, currency, seatNo, faceMinor, addedMinor, ...t }) => {
    const amounts = [faceMinor, addedMinor, faceMinor + addedMinor].map((amount) => decimalText(amount, currency));
    const section = plan.sections[plan.sectionOf[seatNo] ?? 0]?.label ?? '';
    const place = [section, plan.rowOf[seatNo] ?? '', plan.labelOf[seatNo] ?? ''];
    const cells = [id, t.booking, t.status, ...place, t.type, t.level, currency, ...amounts];
    return { id, cells: [...cells, t.issued, t.checkedIn, t.voided, t.holder] };
  });
}

// Without the code: with it the file could be used in place of the tickets.
const TICKETS = `
  select t.id, t.booking_id as booking, case when t.voided_at is null then 'VALID' else 'VOID' end as status,
    t.seat_no as "seatNo", s.line ->> 'name' as type, s.line ->> 'level' as level, b.currency,
    s.price_minor::float8 as "faceMinor", s.fee_minor::float8 as "addedMinor", ${iso('t.issued_at')} as issued,
    ${iso('t.checked_in_at')} as "checkedIn", ${iso('t.voided_at')} as voided, b.holder_name as holder
  from tickets t join bookings b on b.id = t.booking_id
  cross join lateral (
    select line, price_minor, fee_minor from booking_seats where booking_id = t.booking_id and seat_no = t.seat_no
    union all
    select line, price_minor, fee_minor from refunded_seats where booking_id = t.booking_id and seat_no = t.seat_no
    limit 1) as s
  where t.event_id = $1::uuid and ($2::uuid is null or t.id > $2::uuid)
  order by t.id limit $3::int`;
