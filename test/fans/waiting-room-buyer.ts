import { decodeStatuses, statusAt } from '#domain/inventory/packed-statuses-rules.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { decideAt } from './fan.ts';
import type { Json } from './graphql-http.ts';
import { SeatMapWatcher } from './seat-map-watcher.ts';
import type { WaitingRoomFan } from './waiting-room-fan.ts';

type Event = Pick<SeededEvent, 'seatIds'>;

const bookingChangedQuery =
  'subscription ($id: ID!) { bookingChanged(bookingId: $id) { id status payment { url } tickets { seat { seatNo } } } }';

/** Goes in: reads the seat map with the admission and follows it. The first use of an admission redeems it. */
export async function openMap(fan: WaitingRoomFan): Promise<SeatMapWatcher> {
  const { version, statuses, layout } = await fan.seatMap();
  const { seatCount } = layout;
  const map = new SeatMapWatcher({ version, packed: decodeStatuses(statuses, seatCount), seatCount });
  const note = (why: unknown) => map.wrong.push(JSON.stringify(why));
  fan.subscribe(fan.openSocket(), map.operation(fan.eventId), ({ seatMapChanged }) => map.take(seatMapChanged), note);
  return map;
}

/**
 * Holds this many free seats of the map, or fewer if there are no neighbours. Returns the booking, or undefined when
 * no seat was left.
 */
export async function holdSeats(fan: WaitingRoomFan, event: Event, map: SeatMapWatcher, count: number): Promise<Json> {
  const refused = new Set<number>();
  for (;;) {
    const seatNos = chooseSeats(map, count, refused);
    if (seatNos.length === 0) return undefined;
    const answer = await fan.book(event.seatIds(...seatNos));
    if (answer.booking) return answer.booking;
    if (answer.code !== 'SEATS_UNAVAILABLE') throw new Error(`Not held: ${JSON.stringify(answer)}`);
    for (const { seatNo } of answer.seats) refused.add(seatNo);
  }
}

/** Pays as soon as the page is known and `mayPay` has resolved. Returns the booking when its confirmation arrived. */
export async function pay(fan: WaitingRoomFan, bookingId: string, mayPay: Promise<void>): Promise<Json> {
  const heard: Json[] = [];
  const request = { query: bookingChangedQuery, variables: { id: bookingId } };
  const take = ({ bookingChanged }: Json) => void heard.push(bookingChanged);
  fan.subscribe(fan.openSocket(), request, take, () => undefined);
  const inState = (status: string) =>
    fan.until(() => heard.find((booking) => booking.status === status), `a booking that is ${status}`);
  const { payment } = await inState('PAYMENT_READY');
  await mayPay;
  await decideAt(payment.url, 'pay');
  return await inState('CONFIRMED');
}

function chooseSeats(map: SeatMapWatcher, count: number, refused: ReadonlySet<number>): number[] {
  const seats = Array.from({ length: map.seatCount }, (_, seatNo) => seatNo);
  const free = seats.filter((seatNo) => statusAt(map.packed, seatNo) === 'AVAILABLE' && !refused.has(seatNo));
  const at = Math.floor(Math.random() * free.length);
  const first = free[at];
  return free.slice(at, at + count).filter((seatNo, index) => first !== undefined && seatNo === first + index);
}

/** Goes in, takes this many seats and pays at once. */
export async function buy(fan: WaitingRoomFan, event: Event, count: number): Promise<Json> {
  const booking = await holdSeats(fan, event, await openMap(fan), count);
  if (!booking) throw new Error('No seat is left.');
  return pay(fan, booking.id, Promise.resolve());
}
