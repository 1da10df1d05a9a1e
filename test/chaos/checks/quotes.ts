import type { HistoryRecord, OrganizerRecord } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';
import { type BookingFact, ownersOf } from './facts.ts';
import { type GivenCodes, givenCodesOf } from './given-codes.ts';
import { ownerOf } from './requests.ts';
import type { PriceListFact, SaleFacts, SoldBooking } from './sale-facts.ts';

/** When a list was certainly not yet, and certainly no longer, that of its event. */
type Dated = { readonly list: PriceListFact; readonly from: number; readonly to: number };
type Asked = { from: number; to: number; agreedMinor: number | undefined; totalMinor: number | undefined };

/**
 * P1: the total of each booking is the sum of its lines, is what its buyer agreed to and was told, and is the price by a list that
 * was in force at some moment between the first request for it and its first answer. What the box office gave away costs nothing.
 */
export function checkQuotes(
  history: readonly HistoryRecord[],
  bookings: ReadonlyMap<string, BookingFact>,
  sales: SaleFacts,
): CheckResult {
  const findings = new Findings('P1', 'a booking costs the sum of its lines, by a price list in force at its request');
  const codes = givenCodesOf(history, bookings);
  const owners = ownersOf(bookings);
  const asked = askedOf(history);
  const lists = datedLists(history, sales.lists);
  for (const booking of sales.bookings) {
    findings.looked += 1;
    const request = asked.get(owners.get(booking.id) ?? '');
    const wrong = wrongWith(booking, { codes, request, lists: lists.get(booking.event) ?? [] });
    if (wrong) findings.broken(`booking ${booking.id} of event ${booking.event} ${wrong}`);
  }
  return findings.result();
}

type About = { codes: GivenCodes; request: Asked | undefined; lists: readonly Dated[] };

function wrongWith(booking: SoldBooking, { codes, request, lists }: About): string | undefined {
  const { totalMinor, feeMinor, lines } = booking;
  const sum = lines.reduce((total, line) => total + line.priceMinor + line.feeMinor, feeMinor);
  if (sum !== totalMinor) return `costs ${totalMinor}, and its lines cost ${sum}`;
  if (!request) return undefined;
  for (const told of [request.agreedMinor, request.totalMinor])
    if (told !== undefined && told !== totalMinor) return `costs ${totalMinor}, and its fan was told ${told}`;
  const given = codes.ofBooking.get(booking.id) ?? [];
  const percents = given.map((code) => codes.terms.get(code)?.percent ?? 0);
  const inForce = lists.filter(({ from, to }) => from <= request.to && to >= request.from);
  if (booking.tender === 'COMPLIMENTARY')
    return totalMinor === 0 ? undefined : `was given away, and costs ${totalMinor}`;
  if (inForce.some(({ list }) => isPricedBy(list, booking, percents))) return undefined;
  const prices = lines.map((line) => `${line.level} ${line.type} ${line.priceMinor}+${line.feeMinor}`);
  const names = inForce.map(({ list }) => list.levels[0]?.name);
  return `costs ${prices.join(', ')} and ${feeMinor}, by none of the lists in force: ${names.join(', ')}`;
}

function isPricedBy(list: PriceListFact, { lines, feeMinor }: SoldBooking, percents: readonly number[]): boolean {
  const perBooking = list.fees.reduce((sum, fee) => sum + (fee.perBookingMinor ?? 0), 0);
  if (perBooking !== feeMinor) return false;
  return lines.every((line) => {
    const level = list.seatLevels
      ? list.levels[list.seatLevels[line.seatNo] ?? 255]
      : list.levels.find(({ key }) => key === line.level);
    const face = level?.prices.find(({ ticketType }) => ticketType === line.type)?.amountMinor;
    if (level?.key !== line.level || face === undefined) return false;
    const price = percents.reduce((left, percent) => left - (left * percent) / 100, face);
    const fees = [...(level.fees ?? []), ...list.fees].reduce((sum, fee) => sum + (fee.perTicketMinor ?? 0), 0);
    return price === line.priceMinor && fees === line.feeMinor;
  });
}

function askedOf(history: readonly HistoryRecord[]): Map<string, Asked> {
  const asked = new Map<string, Asked>();
  for (const record of history) {
    if (record.kind !== 'hold' && record.kind !== 'sale') continue;
    const { from, to, answer, agreedMinor } = record;
    const owner = ownerOf(record.user, record.key);
    const one = asked.get(owner) ?? { from, to: Number.POSITIVE_INFINITY, agreedMinor, totalMinor: undefined };
    asked.set(owner, one);
    one.from = Math.min(one.from, from);
    if (!answer) continue;
    one.to = Math.min(one.to, to);
    one.totalMinor = answer.totalMinor;
  }
  return asked;
}

type NewPrices = Extract<OrganizerRecord, { act: 'prices' }>;

function datedLists(history: readonly HistoryRecord[], lists: readonly PriceListFact[]): Map<string, Dated[]> {
  const set = history.filter(
    (record): record is OrganizerRecord & NewPrices => record.kind === 'organizer' && record.act === 'prices',
  );
  const byEdition = Map.groupBy(set, ({ edition }) => edition);
  const attemptsOf = (list: PriceListFact) => byEdition.get(list.levels[0]?.name ?? '') ?? [];
  const dated = new Map<string, Dated[]>();
  for (const [event, own] of Map.groupBy(lists, (list) => list.event)) {
    dated.set(
      event,
      own.map((list, index) => {
        const next = own[index + 1];
        const from = Math.min(...attemptsOf(list).map((attempt) => attempt.from));
        return {
          list,
          // A list that no organizer has set was there before the history.
          from: Number.isFinite(from) ? from : Number.NEGATIVE_INFINITY,
          to: next ? latestOf(attemptsOf(next)) : Number.POSITIVE_INFINITY,
        };
      }),
    );
  }
  return dated;
}

/** An attempt without an answer may have been carried out at any later time. */
const latestOf = (attempts: readonly NewPrices[]): number =>
  attempts.length > 0 && attempts.every(({ outcome }) => outcome !== 'unknown')
    ? Math.max(...(attempts as readonly OrganizerRecord[]).map(({ to }) => to))
    : Number.POSITIVE_INFINITY;
