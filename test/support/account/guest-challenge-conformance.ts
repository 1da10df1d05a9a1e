import { expect, test } from 'vitest';
import { TryAgain } from '#domain/errors.ts';
import type { GuestChallenge } from '#domain/hoarding/guest-challenge.ts';

export type ChallengeWorld = {
  /** Two processes with shared storage. */
  readonly challenges: readonly [GuestChallenge, GuestChallenge];
  /** Solves an issued challenge, as a client does. */
  solve(issued: string): Promise<string>;
  /** Runs `work` at a time when answers of now are too old. */
  whenTooOld<T>(work: () => Promise<T>): Promise<T>;
  /** One that cannot check answers, because its verifier is away. */
  readonly away: GuestChallenge;
};

const nonsense = (answer: string): string[] => [
  '',
  ' ',
  '{}',
  '[]',
  'null',
  '{"challenge":{},"solution":{}}',
  'eyJhIjoxfQ==',
  '\u0000',
  'x'.repeat(3_000),
  'x'.repeat(100_000),
  `${answer}x`,
  answer.slice(0, -3),
];

/** The promises of every challenge for guests. */
export function testGuestChallenge(open: () => ChallengeWorld): void {
  test('a right answer opens one session, at any process, and a second session needs a second answer', async () => {
    const { challenges, solve } = open();
    const [one, other] = challenges;
    const answer = await solve(await one.issue());
    expect(await other.accept(answer)).toBe(true);
    expect(await other.accept(answer)).toBe(false);
    expect(await one.accept(answer)).toBe(false);
    expect(await one.accept(await solve(await other.issue()))).toBe(true);
  });

  test('of twenty clients that send one answer at once, one gets in', async () => {
    const { challenges, solve } = open();
    const answer = await solve(await challenges[0].issue());
    const accepted = await Promise.all(
      Array.from({ length: 20 }, (_, index) => challenges[index % 2 === 0 ? 0 : 1].accept(answer)),
    );
    expect(accepted.filter(Boolean)).toHaveLength(1);
  });

  test('an invalid answer is refused without harm, and the right one is still valid', async () => {
    const { challenges, solve } = open();
    const answer = await solve(await challenges[0].issue());
    for (const made of nonsense(answer)) expect(await challenges[0].accept(made), made.slice(0, 40)).toBe(false);
    expect(await challenges[0].accept(answer)).toBe(true);
  });

  test('an answer that is too old is refused', async () => {
    const { challenges, solve, whenTooOld } = open();
    const answer = await solve(await challenges[0].issue());
    expect(await whenTooOld(() => challenges[0].accept(answer))).toBe(false);
  });

  test('while answers cannot be checked, no guest gets in, and callers are asked to try again', async () => {
    const { challenges, solve, away } = open();
    const answer = await solve(await challenges[0].issue());
    await expect(away.accept(answer)).rejects.toBeInstanceOf(TryAgain);
    expect(await challenges[0].accept(answer)).toBe(true);
  });
}
