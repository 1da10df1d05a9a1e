import { DomainError, type RetryAdvice } from '../errors.ts';

export type ChallengeKind = 'PROOF_OF_WORK' | 'TURNSTILE';

/** The challenge that a guest must solve before a session is opened: two kinds ship, and one suite tests both. */
export type GuestChallenge = {
  readonly kind: ChallengeKind;
  /** The challenge for the client, as text in the form that `kind` names. */
  issue(): Promise<string>;
  /**
   * Whether this is an answer to an issued challenge that is not too old and that no process accepted before. Throws
   * TryAgain while that is unknown.
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
        ? 'This answer is wrong, expired or already used. Solve the challenge in this refusal and send its answer as `challengeAnswer`.'
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
