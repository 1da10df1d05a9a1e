import type { BookingState, BookingsRead, HistoryRecord } from '../history.ts';
import { mayFollow } from './booking-order.ts';
import { type CheckResult, Findings } from './check.ts';

/** When the user first saw each state of a booking. */
type Told = Map<string, Map<BookingState, number>>;

/**
 * H3: every later read shows the state of a booking that its user got by an answer or a read, or a state that may
 * follow it. Later means that it begins after the other has ended.
 */
export function checkSessionOrder(history: readonly HistoryRecord[]): CheckResult {
  const findings = new Findings('H3', 'a read shows the state that its user saw before it, or a later one');
  const byUser = new Map<string, HistoryRecord[]>();
  for (const record of history) {
    if (!('user' in record) || record.kind === 'bookingFrame') continue;
    const records = byUser.get(record.user);
    if (records) records.push(record);
    else byUser.set(record.user, [record]);
  }
  for (const [user, records] of byUser) checkUser(findings, user, records);
  return findings.result();
}

function checkUser(findings: Findings, user: string, records: readonly HistoryRecord[]): void {
  const told: Told = new Map();
  const reads = records.filter((record) => record.kind === 'bookings').sort((a, b) => a.from - b.from);
  const tellings = records.flatMap(tellingsOf).sort((a, b) => a.at - b.at);
  let next = 0;
  for (const read of reads) {
    if (read.outcome !== 'ok' || !read.bookings) continue;
    for (let one = tellings[next]; one && one.at < read.from; one = tellings[++next]) remember(told, one);
    findings.looked += 1;
    for (const what of contradictions(told, read)) findings.broken(`${user}: ${what}, read at ${read.from.toFixed(1)}`);
  }
}

type Telling = { readonly booking: string; readonly status: BookingState; readonly at: number };

function tellingsOf(record: HistoryRecord): Telling[] {
  if (record.kind === 'bookings')
    return (record.bookings ?? []).map(([booking, status]) => ({ booking, status, at: record.to }));
  if (record.kind === 'hold')
    return record.answer ? [{ booking: record.answer.booking, status: record.answer.status, at: record.to }] : [];
  if (record.kind !== 'cancel' && record.kind !== 'confirm' && record.kind !== 'fail') return [];
  return record.outcome === 'ok' ? [{ booking: record.booking, status: toldBy[record.kind], at: record.to }] : [];
}

const toldBy = { cancel: 'CANCELLED', confirm: 'CONFIRMED', fail: 'FAILED' } as const;

function remember(told: Told, { booking, status, at }: Telling): void {
  const states = told.get(booking) ?? new Map<BookingState, number>();
  told.set(booking, states);
  if (!states.has(status)) states.set(status, at);
}

function* contradictions(told: Told, read: BookingsRead): Generator<string> {
  const shown = new Map(read.bookings);
  for (const [booking, status] of shown) {
    for (const before of told.get(booking)?.keys() ?? [])
      if (!mayFollow(before, status)) yield `booking ${booking} is ${status} after it was shown as ${before}`;
  }
  if (read.hasMore) return;
  const expected = read.only === undefined ? told.keys() : [read.only].filter((booking) => told.has(booking));
  for (const booking of expected) if (!shown.has(booking)) yield `booking ${booking} is missing`;
}
