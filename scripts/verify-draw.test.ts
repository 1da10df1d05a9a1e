import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { commitmentOf, drawOrder, newDrawSecret } from '#domain/waiting-room/draw-rules.ts';

const script = new URL('./verify-draw.mjs', import.meta.url).pathname;

async function verify(args: readonly (string | number)[], input?: unknown) {
  const child = spawn(process.execPath, [script, ...args.map(String)]);
  child.stdin.end(input === undefined ? '' : JSON.stringify(input));
  const closed = new Promise<number | null>((done) => child.on('close', done));
  const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, out: out.trim(), error: error.trim() };
}

const secret = newDrawSecret();
const commitment = commitmentOf(secret);
const proofOf = (ordinal: number, entries: number) => ({
  ordinal,
  entries,
  commitment,
  secret,
  position: drawOrder(secret, entries)[ordinal] ?? ordinal + 1,
});

test.each([1, 2, 7, 1_000, 40_000, 250_000])(
  'of %i entries it finds the positions that the draw gave',
  async (entries) => {
    for (const ordinal of new Set([0, Math.floor(entries / 2), entries - 1])) {
      const proof = proofOf(ordinal, entries);
      const expected = { code: 0, error: '', out: expect.stringMatching(new RegExp(`: ${proof.position}$`)) };
      expect(await verify([secret, commitment, entries, ordinal])).toEqual(expected);
      expect(await verify([], proof)).toEqual(expected);
      expect(await verify([commitment], { data: { drawProof: proof } })).toEqual(expected);
    }
  },
);

test('who joined after the draw stands behind it', async () => {
  const { code, out } = await verify([], proofOf(12, 10));
  expect([code, out]).toEqual([0, expect.stringMatching(/: 13$/)]);
  expect((await verify([secret, commitment, 0, 0])).out).toMatch(/: 1$/);
});

test('it refuses a secret that is not the one of the commitment, and a position that is not the drawn one', async () => {
  const proof = proofOf(3, 10);
  const other = newDrawSecret();
  const refused = { code: 1, out: '', error: 'The secret is not the one of the commitment.' };
  expect(await verify([other, commitment, 10, 3])).toEqual(refused);
  expect(await verify([], { ...proof, secret: other })).toEqual(refused);
  expect(await verify([commitmentOf(other)], proof), 'another commitment was noted').toEqual(refused);
  const told = (proof.position % 10) + 1;
  expect(await verify([], { ...proof, position: told })).toEqual({
    code: 1,
    out: '',
    error: `You were told ${told}; it is ${proof.position}.`,
  });
});

test('it says so when there is nothing to check yet, or nothing that could be checked', async () => {
  const early = await verify([], {
    data: { drawProof: { ...proofOf(3, 10), entries: null, secret: null, position: null } },
  });
  expect(early).toMatchObject({ code: 1, error: expect.stringContaining('not made yet') });
  for (const proof of [{}, { ...proofOf(3, 10), entries: -1 }, { ...proofOf(3, 10), ordinal: '3' }]) {
    expect(await verify([], proof)).toMatchObject({ code: 1, error: 'This is not the proof of a draw.' });
  }
});
