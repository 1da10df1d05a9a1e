import { createCipheriv } from 'node:crypto';
import { bytesOf } from '../draw-secret-rules.ts';
import type { Room } from './room.ts';

/**
 * The bytes of one number of the stream. The remainder of 2^48 by a million is uneven by less than one part in 280
 * million.
 */
const NUMBER_BYTES = 6;
/** How many numbers are made at a time, so that a draw of millions needs only the memory of its order. */
const NUMBERS_AT_ONCE = 32_768;

/**
 * The draw among the ordinals below `entries`: [ordinal] -> position, from 1. A Fisher-Yates shuffle whose numbers
 * are the key stream of AES-256 in counter mode, keyed with the secret: for i from the last ordinal down to 1, the
 * next 48 bits, big-endian, modulo i + 1 are the place that i swaps with. Any program with the secret computes the
 * same order.
 */
export function drawOrder(secret: string, entries: number): Uint32Array {
  const order = Uint32Array.from({ length: entries }, (_, ordinal) => ordinal + 1);
  const cipher = createCipheriv('aes-256-ctr', bytesOf(secret), Buffer.alloc(16));
  const zeros = Buffer.alloc(NUMBER_BYTES * Math.min(NUMBERS_AT_ONCE, Math.max(0, entries - 1)));
  let numbers = zeros;
  let offset = zeros.length;
  for (let i = entries - 1; i > 0; i--) {
    if (offset === zeros.length) {
      numbers = cipher.update(zeros);
      offset = 0;
    }
    const j = numbers.readUIntBE(offset, NUMBER_BYTES) % (i + 1);
    offset += NUMBER_BYTES;
    const drawn = order[i] as number;
    order[i] = order[j] as number;
    order[j] = drawn;
  }
  return order;
}

/**
 * The position of an ordinal, from 1, or undefined before the draw. `order` is the order of the room's draw. Without
 * it only places that were taken after the draw have a position: behind the drawn ones, in the order of joining.
 */
export function positionOf(
  room: Pick<Room, 'draw'>,
  order: Uint32Array | undefined,
  ordinal: number,
): number | undefined {
  if (!room.draw) return undefined;
  return ordinal < room.draw.entries ? order?.[ordinal] : ordinal + 1;
}
