import { type PackedStatuses, statusAt } from '#domain/inventory/packed-statuses-rules.ts';
import { PLACES } from './choices.ts';
import { AREA_FROM, COMPANION, hasArea, isStrict, SEATS_A_ROW, WHEELCHAIR_PLACE } from './fixture.ts';

/** A new booking, and the seats of its event just before it. */
export type Choice = {
  readonly seatNos: readonly number[];
  readonly before: PackedStatuses;
  /** The seats of the hall. */
  readonly seats: number;
  /** The booking has a code, which opens every allocation of these worlds. */
  readonly hasCodes: boolean;
  /** The fan asked for a number of places. */
  readonly isOfPlaces: boolean;
  /** No single seat may be left. */
  readonly isStrict: boolean;
};

/** What a fan chose: the key of the request says whether it was a number of places. */
export function choiceOf(
  booking: { readonly eventId: string; readonly key: string; readonly hasCodes: boolean },
  at: Pick<Choice, 'seatNos' | 'before' | 'seats'>,
): Choice {
  const { eventId, key, hasCodes } = booking;
  return { ...at, hasCodes, isOfPlaces: key.endsWith(PLACES), isStrict: isStrict(eventId, at.seats) };
}

type Broken = { readonly id: 'SINGLE' | 'COMPANION' | 'PLACES'; readonly what: string };

/** What is wrong with the seats of a new booking. Says again what the product's rules say, in its own words. */
export function wrongChoice(choice: Choice): Broken | undefined {
  const { seatNos, isOfPlaces, isStrict } = choice;
  if (seatNos.includes(COMPANION) && !seatNos.includes(WHEELCHAIR_PLACE))
    return { id: 'COMPANION', what: `seat ${COMPANION} is sold without ${WHEELCHAIR_PLACE}` };
  const lowest = lowestPlaces(choice);
  if (isOfPlaces && seatNos.join() !== lowest.join())
    return { id: 'PLACES', what: `the places ${seatNos.join()} are sold and ${lowest.join()} are the lowest` };
  const singles = isStrict ? singlesOf(choice) : [];
  return singles.length > 0 ? { id: 'SINGLE', what: `the seats ${singles.join()} are left single` } : undefined;
}

const isFree = ({ before, hasCodes }: Choice, seatNo: number): boolean => {
  const status = statusAt(before, seatNo);
  return status === 'AVAILABLE' || (hasCodes && status === 'BLOCKED');
};

function lowestPlaces(choice: Choice): number[] {
  const places = Array.from({ length: choice.seats - AREA_FROM }, (_, index) => AREA_FROM + index);
  return places.filter((seatNo) => isFree(choice, seatNo)).slice(0, choice.seatNos.length);
}

/** A row as text before and after the choice: `o` for a free seat, `x` for any other. A single seat is a lone `o`. */
function singlesOf(choice: Choice): number[] {
  const singles: number[] = [];
  const seats = hasArea(choice.seats) ? AREA_FROM : choice.seats;
  for (let first = 0; first < seats; first += SEATS_A_ROW) {
    const row = Array.from({ length: SEATS_A_ROW }, (_, index) => first + index);
    const isOpen = (seatNo: number) => isFree(choice, seatNo) && seatNo !== COMPANION && seatNo !== WHEELCHAIR_PLACE;
    const before = row.map((seatNo) => (isOpen(seatNo) ? 'o' : 'x')).join('');
    const after = row.map((seatNo) => (isOpen(seatNo) && !choice.seatNos.includes(seatNo) ? 'o' : 'x')).join('');
    singles.push(...row.filter((_, index) => isLone(after, index) && !isLone(before, index)));
  }
  return singles;
}

const isLone = (row: string, at: number): boolean => row[at] === 'o' && row[at - 1] !== 'o' && row[at + 1] !== 'o';
