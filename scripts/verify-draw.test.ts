import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { commitmentOf, newDrawSecret } from '#domain/draw-secret-rules.ts';
import { drawOrder } from '#domain/waiting-room/draw-rules.ts';

const script = new URL('./verify-draw.mjs', import.meta.url).pathname;

/** `input` is what arrives at standard input: a text as it is, anything else as JSON. */
async function verify(args: readonly (string | number)[], input: unknown = '') {
  const child = spawn(process.execPath, [script, ...args.map(String)]);
  child.stdin.end(typeof input === 'string' ? input : JSON.stringify(input));
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
  'finds the positions that the draw of %i entries gave',
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

test.each([
  [12, 10, 13],
  [10, 10, 11],
  [0, 0, 1],
  [5, 0, 6],
])(
  'explains to ordinal %i, which joined after a draw of %i entries, why the position is %i',
  async (ordinal, entries, position) => {
    const expected = {
      code: 0,
      error: '',
      out: `The secret is the one of the commitment. Ordinal ${ordinal} joined after the draw of ${entries} entries, so it stands behind them in the order of joining. Position: ${position}`,
    };
    expect(await verify([], proofOf(ordinal, entries))).toEqual(expected);
    expect(await verify([secret, commitment, entries, ordinal])).toEqual(expected);
    const wrong = await verify([], { ...proofOf(ordinal, entries), position: position + 1 });
    expect(wrong.error).toBe(`You were told position ${position + 1}; it is ${position}.`);
  },
);

test('refuses a secret that does not match the commitment, and a position that differs from the drawn one', async () => {
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
    error: `You were told position ${told}; it is ${proof.position}.`,
  });
});

test('reports when there is no proof yet, or no valid proof', async () => {
  const early = await verify([], {
    data: { drawProof: { ...proofOf(3, 10), entries: null, secret: null, position: null } },
  });
  expect(early).toMatchObject({ code: 1, error: expect.stringContaining('not made yet') });
  const wrong: [unknown, string][] = [
    [{}, 'its secret is not 64 hexadecimal digits'],
    [{ ...proofOf(3, 10), secret: 'abc' }, 'its secret is not 64 hexadecimal digits'],
    [{ ...proofOf(3, 10), entries: -1 }, 'its entries are not a number'],
    [{ ...proofOf(3, 10), ordinal: '3' }, 'its ordinal is not a number'],
  ];
  for (const [proof, reason] of wrong)
    expect(await verify([], proof)).toMatchObject({ code: 1, error: expect.stringContaining(reason) });
});

test.each([
  ['no input', [], '', 'the input is empty'],
  ['a text that is not JSON', [], 'hello', 'The input is not JSON'],
  ['a number', [], '7', 'The input has no proof'],
  ['the answer to a fan without a place', [], '{ "data": { "drawProof": null } }', 'The input has no proof'],
  ['a refusal of the API', [], '{ "data": null, "errors": [{ "message": "Sign in first." }] }', 'Sign in first.'],
  ['three values', ['a', 'b', '3'], '', 'It takes four values'],
  ['letters in place of numbers', [secret, commitment, 'ten', 'one'], '', 'its ordinal is not a number'],
])('%s is answered in plain words, without a stack', async (_name, args, input, reason) => {
  const { code, error, out } = await verify(args, input);
  expect(error).toContain(reason);
  expect(error).not.toMatch(/\bat .*:\d+:\d+|undefined|SyntaxError/);
  expect([code, out]).toEqual([1, '']);
});

test('--help shows the usage', async () => {
  expect(await verify(['--help'])).toMatchObject({ code: 0, error: '', out: expect.stringContaining('usage:') });
});
