import { DomainError, type RetryAdvice } from '../errors.ts';

export type ChallengeKind = 'PROOF_OF_WORK' | 'TURNSTILE';

/** What a guest has to solve before a session is opened for it: two ship, and one suite tests both. */
export type GuestChallenge = {
  readonly kind: ChallengeKind;
  /** What the client is to solve, as text whose form `kind` tells. */
  issue(): Promise<string>;
  /**
   * Whether this is an answer to a challenge that was issued, is not too old, and was not accepted before, by any process.
   * Throws TryAgain while that can't be known.
   */
  accept(answer: string): Promise<boolean>;
};

export class ChallengeRequired extends DomainError {
  readonly code = 'CHALLENGE_REQUIRED';
  readonly retry: RetryAdvice = { advice: 'AFTER', afterSeconds: 0 };
  readonly kind: ChallengeKind;
  readonly challenge: string;

  constructor({ kind, challenge, isAnswered }: { kind: ChallengeKind; challenge: string; isAnswered: boolean }) {
    super(
      isAnswered
        ? 'This answer is wrong, too old or was used before. Solve the challenge of this refusal and send its answer as `challengeAnswer`.'
        : 'Solve the challenge and send its answer as `challengeAnswer`.',
    );
    this.kind = kind;
    this.challenge = challenge;
  }
}

/** Throws ChallengeRequired, with a challenge to solve, unless the answer is accepted. */
export async function requireAnswer(challenge: GuestChallenge, answer: string | undefined): Promise<void> {
  if (answer !== undefined && (await challenge.accept(answer))) return;
  const { kind } = challenge;
  throw new ChallengeRequired({ kind, challenge: await challenge.issue(), isAnswered: answer !== undefined });
}
