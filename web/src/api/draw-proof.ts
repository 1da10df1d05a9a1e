import type { DRAW_PROOF } from '../operations/fan.ts';
import type { ResultOf } from './graphql.ts';

export type DrawProof = NonNullable<ResultOf<typeof DRAW_PROOF>['drawProof']>;

/**
 * What the page has found out about the draw. `noted`: the commitment is kept, the draw comes. `proven`: the position
 * follows from the secret to which the commitment bound the organizer. `late`: it follows, but the commitment was not seen
 * before the draw. `wrong`: it does not follow.
 */
export type Verdict = 'late' | 'noted' | 'proven' | 'wrong';

const BYTES = 6;

/** Repeats the draw, as docs/verifiable-draw.md describes it. `noted` is the commitment that the page saw before the draw. */
export async function verifyDraw(proof: DrawProof, noted: string | undefined): Promise<Verdict> {
  const { secret, entries, ordinal, commitment, position } = proof;
  if (secret === null || entries === null) return 'noted';
  const key = Uint8Array.from(secret.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  const isBound = (await hexOfSha256(key)) === commitment && (noted === undefined || noted === commitment);
  const drawn = ordinal < entries ? await drawnPosition(key, entries, ordinal) : ordinal + 1;
  if (!isBound || drawn !== position) return 'wrong';
  return noted === undefined ? 'late' : 'proven';
}

async function hexOfSha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The shuffle of the entries by the numbers of an AES-256 stream. */
async function drawnPosition(secret: Uint8Array<ArrayBuffer>, entries: number, ordinal: number): Promise<number> {
  const key = await crypto.subtle.importKey('raw', secret, 'AES-CTR', false, ['encrypt']);
  const counter = { name: 'AES-CTR', counter: new Uint8Array(16), length: 128 };
  const zeros = new Uint8Array(BYTES * Math.max(0, entries - 1));
  const stream = new DataView(await crypto.subtle.encrypt(counter, key, zeros));
  const deck = Uint32Array.from({ length: entries }, (_, index) => index);
  for (let i = entries - 1; i > 0; i--) {
    const at = BYTES * (entries - 1 - i);
    const j = (stream.getUint16(at) * 2 ** 32 + stream.getUint32(at + 2)) % (i + 1);
    const moved = deck[i] ?? 0;
    deck[i] = deck[j] ?? 0;
    deck[j] = moved;
  }
  return (deck[ordinal] ?? 0) + 1;
}
