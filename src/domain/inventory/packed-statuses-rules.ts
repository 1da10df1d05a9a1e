import { type SeatStatus, seatStatusCode, seatStatuses } from './seat-status.ts';

/**
 * The statuses of all seats of an event: 2 bits per seat in `seat_no` order, four seats per byte, seat 0 in the lowest
 * bits. 20,000 seats are 5,000 bytes. The codes are the positions in `seatStatuses`.
 */
export type PackedStatuses = Uint8Array;

/** The change of one seat as one number, `seatNo * 4 + code`: thousands of them stay a flat array. */
export type PackedChange = number;

export const packedLength = (seatCount: number): number => (seatCount + 3) >> 2;

/** All AVAILABLE. */
export const emptyStatuses = (seatCount: number): PackedStatuses => new Uint8Array(packedLength(seatCount));

export const packChange = (seatNo: number, code: number): PackedChange => seatNo * 4 + code;
export const changedSeat = (change: PackedChange): number => Math.floor(change / 4);
export const changedStatus = (change: PackedChange): SeatStatus => statusOfCode(change % 4);

const statusOfCode = (code: number): SeatStatus => seatStatuses[code] ?? 'AVAILABLE';

const codeAt = (packed: PackedStatuses, seatNo: number): number =>
  ((packed[seatNo >> 2] ?? 0) >> ((seatNo & 3) * 2)) & 3;

/** A seat past the end is AVAILABLE, because seats that were never touched need not be stored. */
export const statusAt = (packed: PackedStatuses, seatNo: number): SeatStatus => statusOfCode(codeAt(packed, seatNo));

/** Writes into `packed`. Throws RangeError for a seat that the event does not have. */
export function applyChange(packed: PackedStatuses, change: PackedChange): void {
  const seatNo = changedSeat(change);
  const byte = packed[seatNo >> 2];
  if (byte === undefined) throw new RangeError(`There is no seat ${seatNo}.`);
  const shift = (seatNo & 3) * 2;
  packed[seatNo >> 2] = (byte & ~(3 << shift)) | ((change % 4) << shift);
}

/** Every seat whose status differs, with its status in `after`. Both have the same length. */
export function changesBetween(before: PackedStatuses, after: PackedStatuses): PackedChange[] {
  const changes: PackedChange[] = [];
  for (let index = 0; index < after.length; index++) {
    if (before[index] === after[index]) continue;
    for (let seatNo = index * 4; seatNo < index * 4 + 4; seatNo++) {
      const code = codeAt(after, seatNo);
      if (code !== codeAt(before, seatNo)) changes.push(packChange(seatNo, code));
    }
  }
  return changes;
}

/** Packs lists of seat numbers; a seat in none of them is AVAILABLE. */
export function packStatuses(
  seatCount: number,
  seatNos: Partial<Record<SeatStatus, Iterable<number>>>,
): PackedStatuses {
  const packed = emptyStatuses(seatCount);
  for (const status of seatStatuses) {
    for (const seatNo of seatNos[status] ?? []) applyChange(packed, packChange(seatNo, seatStatusCode[status]));
  }
  return packed;
}

/** Base64, the form that clients get. */
export const encodeStatuses = (packed: PackedStatuses): string =>
  Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength).toString('base64');

/** The reverse of `encodeStatuses`. Shorter input is filled up with AVAILABLE, longer input is cut. */
export function decodeStatuses(base64: string, seatCount: number): PackedStatuses {
  return fitStatuses(Buffer.from(base64, 'base64'), seatCount);
}

/** A copy of exactly the length that `seatCount` seats take. */
export function fitStatuses(bytes: Uint8Array, seatCount: number): PackedStatuses {
  const packed = emptyStatuses(seatCount);
  packed.set(bytes.subarray(0, packed.length));
  return packed;
}
