import { randomUUIDv7 } from 'node:crypto';
import { preparedByKey } from '#db/by-key.ts';
import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { DomainEvent, DomainEventOf } from '#events/contracts.ts';
import { type Origin, withOrigin } from '#events/origin.ts';
import type { BookingStatus } from '../booking-status.ts';
import { CommandChain } from '../inventory/command-chain.ts';
import type { InventoryCommand } from '../inventory/inventory-command.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import { replaceableBy } from '../payment-status-rules.ts';
import { LATE_SECONDS } from './record-payment-session.ts';
import type { TicketSigner } from './ticket-code.ts';

type Needs = {
  readonly db: Db;
  readonly writer: InventoryWriter;
  readonly ticketSigner: Pick<TicketSigner, 'sign'>;
  /** Called for each booking that changed, after the commit, unless the inventory writer publishes that change itself. */
  readonly changed: (bookingId: string) => void;
};

/** News about a payment, in a message that `consumer` has received. */
export type PaymentNews = {
  readonly event: DomainEvent;
  readonly messageId: string;
  readonly origin: Origin | undefined;
};

type Known = {
  readonly id: string;
  readonly eventId: string;
  readonly status: BookingStatus;
  readonly isLate: boolean;
  readonly seatNos: readonly number[];
};
type Opened = { readonly news: PaymentNews; readonly url: string };
type Command = { readonly news: PaymentNews; readonly command: InventoryCommand };

/**
 * The same as `recordPaymentSession`, `confirmBooking` and `failBooking` for many messages, which are in order: one
 * statement for the payment pages that are open, and one submission of all commands to the inventory writer. Returns
 * the ids of the messages that are done, and none behind one of the same event that is not. Left out, with what is
 * behind them: news about refunds and money for an unknown booking, which are rare and handled alone.
 */
export async function followPaymentEvents(
  needs: Needs,
  consumer: string,
  news: readonly PaymentNews[],
): Promise<ReadonlySet<string>> {
  const { db, ticketSigner } = needs;
  const bookings = await readBookings(db, news);
  const { before, behind, commands, done } = planOf(news, ({ event }) =>
    stepOf(event, bookings.get(event.aggregateId), ticketSigner),
  );
  for (const id of await recordSessions(needs, consumer, before)) done.add(id);
  const written = await submitAll(needs, consumer, commands);
  for (const id of written.done) done.add(id);
  // A page must not become known before an earlier command of its event, which may be set aside.
  const open = behind.filter(({ news: { event } }) => !written.chains.get(event.eventId)?.isBroken);
  for (const id of await recordSessions(needs, consumer, open).catch(() => [])) done.add(id);
  return firstOfEachEvent(news, done);
}

type Plan = {
  /** Pages that become known before the commands are submitted, and those behind a command of their event. */
  readonly before: Opened[];
  readonly behind: Opened[];
  readonly commands: Command[];
  /** The ids of messages that need no work. */
  readonly done: Set<string>;
};

/** Of each event everything up to the first message that is handled alone. */
function planOf(news: readonly PaymentNews[], stepFor: (one: PaymentNews) => Step): Plan {
  const plan: Plan = { before: [], behind: [], commands: [], done: new Set() };
  const stuck = new Set<string>();
  const commanded = new Set<string>();
  for (const one of news) {
    const { eventId } = one.event;
    const step = stuck.has(eventId) ? 'alone' : stepFor(one);
    if (step === 'alone') stuck.add(eventId);
    else if (step === 'nothing') plan.done.add(one.messageId);
    else if ('url' in step) (commanded.has(eventId) ? plan.behind : plan.before).push({ news: one, url: step.url });
    else {
      plan.commands.push({ news: one, command: step });
      commanded.add(eventId);
    }
  }
  return plan;
}

type Step = InventoryCommand | { readonly url: string } | 'nothing' | 'alone';

function stepOf(event: DomainEvent, booking: Known | undefined, signer: Pick<TicketSigner, 'sign'>): Step {
  switch (event.type) {
    case 'PaymentSessionOpened':
      if (!booking) return 'nothing';
      return booking.isLate ? { kind: 'openSession', bookingId: booking.id, url: event.url } : { url: event.url };
    case 'PaymentSucceeded':
      return booking ? confirmationOf(event, booking, signer) : 'alone';
    case 'PaymentFailed':
      return { kind: 'release', reason: 'FAILED', bookingId: event.aggregateId };
    case 'RefundRequested':
    case 'PaymentRefunded':
    case 'RefundChanged':
    case 'PaymentDisputed':
      return 'alone';
    default:
      return 'nothing';
  }
}

/** Signed before the write, so that other commands do not wait for the event's lock meanwhile. */
function confirmationOf(
  { amountMinor, currency }: DomainEventOf<'PaymentSucceeded'>,
  { id: bookingId, eventId, status, seatNos }: Known,
  signer: Pick<TicketSigner, 'sign'>,
): InventoryCommand {
  const needsTickets = status === 'PENDING_PAYMENT' || status === 'EXPIRED';
  const tickets = (needsTickets ? seatNos : []).map((seatNo) => {
    const id = randomUUIDv7();
    return { id, seatNo, code: signer.sign({ ticketId: id, eventId, seatNo }) };
  });
  return { kind: 'confirm', bookingId, amountMinor, currency, tickets };
}

async function readBookings(db: Db, news: readonly PaymentNews[]): Promise<ReadonlyMap<string, Known>> {
  const rows = await prepared<Known>(
    db,
    `select b.id, b.event_id as "eventId", b.status,
       b.status = 'PENDING_PAYMENT' and b.hold_extended_at is null
         and clock_timestamp() - b.created_at > make_interval(secs => $2::float8) as "isLate",
       array(select seat_no from booking_seats s where s.booking_id = b.id order by seat_no) as "seatNos"
     from bookings b where b.id = any ($1::uuid[])`,
    [plainArray([...new Set(news.map(({ event }) => event.aggregateId))]), LATE_SECONDS],
  );
  return new Map(rows.map((booking) => [booking.id, booking]));
}

async function recordSessions(
  { db, changed }: Needs,
  consumer: string,
  open: readonly Opened[],
): Promise<readonly string[]> {
  if (open.length === 0) return [];
  const params = [
    consumer,
    open.map(({ news }) => news.messageId),
    plainArray(open.map(({ news }) => news.event.aggregateId)),
    open.map(({ url }) => url),
    plainArray(replaceableBy('SESSION_CREATED')),
  ];
  await preparedByKey(db, 'recordSessions', [RECORD_SESSIONS, params]);
  failpoint('booking.session-recorded');
  for (const { news } of open) changed(news.event.aggregateId);
  return open.map(({ news }) => news.messageId);
}

const RECORD_SESSIONS = `with opened as (
    select * from unnest($2::text[], $3::uuid[], $4::text[]) as o (message_id, booking_id, url)
  ), fresh as (
    insert into inbox (consumer, message_id) select $1, message_id from opened on conflict do nothing
    returning message_id
  )
  update bookings b set payment_status = 'SESSION_CREATED', payment_url = o.url
  from opened o join fresh using (message_id)
  where b.id = any ($3::uuid[]) and b.id = o.booking_id and b.payment_status = any ($5::text[])`;

/** The ids of the messages whose command took effect now or before. */
async function submitAll(
  { writer, changed }: Needs,
  consumer: string,
  commands: readonly Command[],
): Promise<{ readonly done: readonly string[]; readonly chains: ReadonlyMap<string, CommandChain> }> {
  const chains = new Map<string, CommandChain>();
  const done = await Promise.all(
    commands.map(async ({ news: { event, messageId, origin }, command }) => {
      const chain = chains.get(event.eventId) ?? new CommandChain();
      chains.set(event.eventId, chain);
      const options = { inbox: { consumer, messageId }, chain };
      try {
        const answer = await withOrigin(origin, () => writer.submit(event.eventId, command, options));
        if (!isExpected(command, answer.kind)) return [];
        if (!movesSeats.has(answer.kind)) changed(event.aggregateId);
        return [messageId];
      } catch {
        // It is tried again alone, which shows the error.
        return [];
      }
    }),
  );
  return { done: done.flat(), chains };
}

const expected: Partial<Record<InventoryCommand['kind'], readonly string[]>> = {
  confirm: ['confirmed', 'unconfirmable', 'seenBefore'],
  release: ['released', 'kept', 'seenBefore', 'noBooking', 'noEvent'],
};
/** The results of commands whose change the inventory writer publishes. */
const movesSeats: ReadonlySet<string> = new Set(['confirmed', 'released']);
const isExpected = ({ kind }: InventoryCommand, answer: string): boolean => expected[kind]?.includes(answer) ?? true;

function firstOfEachEvent(news: readonly PaymentNews[], done: ReadonlySet<string>): ReadonlySet<string> {
  const stuck = new Set<string>();
  const first = new Set<string>();
  for (const { event, messageId } of news) {
    if (!done.has(messageId)) stuck.add(event.eventId);
    if (!stuck.has(event.eventId)) first.add(messageId);
  }
  return first;
}
