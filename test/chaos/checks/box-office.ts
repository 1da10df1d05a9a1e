import type { HistoryRecord, SaleAnswer, SaleRecord } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';
import { type BookingFact, ownersOf, type TransitionFact } from './facts.ts';
import { ownerOf } from './requests.ts';
import type { SaleFacts, SoldBooking } from './sale-facts.ts';

type About = {
  readonly bookings: ReadonlyMap<string, BookingFact>;
  readonly transitions: ReadonlyMap<string, readonly TransitionFact[]>;
  readonly sales: SaleFacts;
};

/**
 * B1: an acknowledged sale at the box office is one confirmed booking, of the seats that were asked for and at the total of
 * its quote; a refused sale is no booking; and no other booking has a seat of a sale, at any version.
 */
export function checkBoxOffice(
  history: readonly HistoryRecord[],
  { bookings, transitions, sales }: About,
): CheckResult {
  const findings = new Findings('B1', 'a sale at the box office is one booking, of seats of its own, as it was quoted');
  const idOf = new Map([...ownersOf(bookings)].map(([id, owner]) => [owner, id]));
  const sold = new Map(sales.bookings.map((booking) => [booking.id, booking]));
  const attempts = history.filter((record) => record.kind === 'sale');
  for (const [owner, own] of Map.groupBy(attempts, ({ user, key }) => ownerOf(user, key))) {
    findings.looked += 1;
    const id = idOf.get(owner) ?? '';
    const wrong = wrongSale(own, { booking: bookings.get(id), sold: sold.get(id) });
    if (wrong) findings.broken(`the sale of ${owner} ${wrong}`);
  }
  for (const [event, steps] of transitions)
    for (const wrong of sharedSeats(steps)) findings.broken(`event ${event}: ${wrong}`);
  return findings.result();
}

type Made = { readonly booking: BookingFact | undefined; readonly sold: SoldBooking | undefined };

function wrongSale(attempts: readonly SaleRecord[], { booking, sold }: Made): string | undefined {
  const [first] = attempts;
  const answers = attempts.flatMap(({ answer }) => answer ?? []);
  if (!first || !booking || !sold)
    return answers[0] && `was acknowledged as ${answers[0].booking}, which does not exist`;
  if (attempts.every(({ outcome }) => outcome === 'refused')) return `was refused, and is the booking ${booking.id}`;
  const seats = seatsOf(sold);
  const isWhole = first.seats.length === 0 || sorted(first.seats) === seats;
  if (!isWhole || sold.lines.length !== first.count) return `of ${first.count} seats has ${seats}`;
  return wrongTerms(first, booking, sold) ?? answers.map((answer) => wrongAnswer(answer, sold)).find(Boolean);
}

function wrongTerms({ tender, agreedMinor }: SaleRecord, booking: BookingFact, sold: SoldBooking): string | undefined {
  if (booking.status !== 'CONFIRMED' || booking.tender !== tender)
    return `for ${tender} is ${booking.status}, for ${booking.tender}`;
  const quoted = tender === 'COMPLIMENTARY' ? 0 : agreedMinor;
  if (quoted === undefined || quoted === sold.totalMinor) return undefined;
  return `was quoted ${quoted}, and costs ${sold.totalMinor}`;
}

function wrongAnswer(answer: SaleAnswer, sold: SoldBooking): string | undefined {
  if (answer.booking !== sold.id) return `has two bookings, ${sold.id} and ${answer.booking}`;
  if (sorted(answer.seats) !== seatsOf(sold)) return `was told ${sorted(answer.seats)}, and has ${seatsOf(sold)}`;
  if (answer.totalMinor !== sold.totalMinor) return `was told ${answer.totalMinor}, and costs ${sold.totalMinor}`;
  return undefined;
}

const seatsOf = ({ lines }: SoldBooking): string => sorted(lines.map(({ seatNo }) => seatNo));
const sorted = (seats: readonly number[]): string => seats.toSorted((a, b) => a - b).join();

const ends: ReadonlySet<string> = new Set(['BookingExpired', 'BookingFailed', 'BookingCancelled', 'TicketsVoided']);
const begins: ReadonlySet<string> = new Set(['BookingCreated', 'BookingConfirmed']);

/** Steps of one event that give a seat to a booking while another one has it, and one of the two is a sale. */
function* sharedSeats(steps: readonly TransitionFact[]): Generator<string> {
  const owners = new Map<number, { readonly booking: string; readonly isSale: boolean }>();
  for (const { type, booking, seats, isSale = false, version } of steps) {
    for (const seatNo of seats) {
      const owner = owners.get(seatNo);
      if (ends.has(type) && owner?.booking === booking) owners.delete(seatNo);
      if (!begins.has(type)) continue;
      if (owner && owner.booking !== booking && (owner.isSale || isSale))
        yield `seat ${seatNo} of ${owner.booking} is given to ${booking} at version ${version}`;
      owners.set(seatNo, { booking, isSale });
    }
  }
}
