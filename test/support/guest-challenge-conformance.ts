import { expect, test } from 'vitest';
import { TryAgain } from '#domain/errors.ts';
import type { GuestChallenge } from '#domain/hoarding/guest-challenge.ts';

export type ChallengeWorld = {
  /** Two processes that share what they must. */
  readonly challenges: readonly [GuestChallenge, GuestChallenge];
  /** As a client does, from what was issued. */
  solve(issued: string): Promise<string>;
  /** Does `work` when answers of now are too old. */
  whenTooOld<T>(work: () => Promise<T>): Promise<T>;
  /** One that can't know, since what it asks is away. */
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

/** What every challenge of guests must do. */
export function testGuestChallenge(open: () => ChallengeWorld): void {
  test('a right answer opens once, at whichever process, and a second one needs a second answer', async () => {
    const { challenges, solve } = open();
    const [one, other] = challenges;
    const answer = await solve(await one.issue());
    expect(await other.accept(answer)).toBe(true);
    expect(await other.accept(answer)).toBe(false);
    expect(await one.accept(answer)).toBe(false);
    expect(await one.accept(await solve(await other.issue()))).toBe(true);
  });

  test('of twenty who send one answer at once, one comes in', async () => {
    const { challenges, solve } = open();
    const answer = await solve(await challenges[0].issue());
    const accepted = await Promise.all(
      Array.from({ length: 20 }, (_, index) => challenges[index % 2 === 0 ? 0 : 1].accept(answer)),
    );
    expect(accepted.filter(Boolean)).toHaveLength(1);
  });

  test('what is no answer is refused and breaks nothing, and the right one is still good', async () => {
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

  test('while it can’t be known whether an answer is good, nobody comes in, and the caller is told to try again', async () => {
    const { challenges, solve, away } = open();
    const answer = await solve(await challenges[0].issue());
    await expect(away.accept(answer)).rejects.toBeInstanceOf(TryAgain);
    expect(await challenges[0].accept(answer)).toBe(true);
  });
}
