import { isArea, rowsOf } from '../catalog/adjacency-rules.ts';
import { seatFlags } from '../catalog/seat-features-rules.ts';
import { focalPointOf, type Hall } from './block-search-rules.ts';
import { isOrdinary } from './party-rules.ts';

/** What a search for the best seats needs to know about the places of a hall. See `SeatRows` for places and runs. */
type HallPlaces = {
  /** By place: where the seat is from what it faces. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** The sums of x and y over the places of a row before a place, at place + row: each row has one sum more than places. */
  readonly sumX: Float64Array;
  readonly sumY: Float64Array;
  /** By run of neighbours: no block of it is nearer, squared. */
  readonly nearest: Float64Array;
  readonly runsByDistance: Uint32Array;
  /** The runs with a wheelchair place, in their own order. */
  readonly runsWithWheelchairPlaces: Uint32Array;
};
const knownPlaces = new WeakMap<Hall, HallPlaces>();
const knownOrdinary = new WeakMap<Hall, Uint8Array>();

/** By place: 1 for a seat that any fan may be offered. Computed once for each plan. */
export function ordinaryPlacesOf(hall: Hall): Uint8Array {
  const before = knownOrdinary.get(hall);
  if (before) return before;
  const { order } = rowsOf(hall);
  const places = Uint8Array.from(order, (seatNo) => (isOrdinary(hall, seatNo) && !isArea(hall, seatNo) ? 1 : 0));
  knownOrdinary.set(hall, places);
  return places;
}

/** Computed once for each plan. */
export function placesOf(hall: Hall): HallPlaces {
  const before = knownPlaces.get(hall);
  if (before) return before;
  const { order, runStarts, rowStarts } = rowsOf(hall);
  const x = Float64Array.from(order, (seatNo) => (hall.x[seatNo] ?? 0) - focalPointOf(hall, seatNo)[0]);
  const y = Float64Array.from(order, (seatNo) => (hall.y[seatNo] ?? 0) - focalPointOf(hall, seatNo)[1]);
  const nearest = Float64Array.from({ length: runStarts.length - 1 }, (_, run) => {
    const [from, to] = [runStarts[run] ?? 0, runStarts[run + 1] ?? 0];
    return nearestOf(x.subarray(from, to)) ** 2 + nearestOf(y.subarray(from, to)) ** 2;
  });
  const places = {
    x,
    y,
    sumX: sumsBefore(x, rowStarts),
    sumY: sumsBefore(y, rowStarts),
    nearest,
    runsByDistance: Uint32Array.from(nearest.keys()).sort((a, b) => (nearest[a] ?? 0) - (nearest[b] ?? 0)),
    runsWithWheelchairPlaces: wheelchairRunsOf(hall),
  };
  knownPlaces.set(hall, places);
  return places;
}

/** The sums of each row begin with zero and end with that of the whole row. */
function sumsBefore(values: Float64Array, rowStarts: Uint32Array): Float64Array {
  const sums = new Float64Array(values.length + rowStarts.length);
  for (let row = 0; row + 1 < rowStarts.length; row++) {
    let sum = 0;
    const to = rowStarts[row + 1] ?? 0;
    for (let place = rowStarts[row] ?? 0; place < to; place++) {
      sum += values[place] ?? 0;
      sums[place + row + 1] = sum;
    }
  }
  return sums;
}

function wheelchairRunsOf(hall: Hall): Uint32Array {
  const { placeOf, runAt } = rowsOf(hall);
  const runs = new Set<number>();
  for (let seatNo = 0; seatNo < hall.seatCount; seatNo++)
    if (((hall.flags?.[seatNo] ?? 0) & seatFlags.accessible) !== 0) runs.add(runAt[placeOf[seatNo] ?? 0] ?? 0);
  return Uint32Array.from(runs).sort();
}

/** The distance of 0 from the range of these values. */
function nearestOf(values: Float64Array): number {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return Math.max(0, least, -most);
}
