import { createChallenge, randomInt, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { z } from 'zod';
import type { Db } from '#db/client.ts';
import type { GuestChallenge } from './guest-challenge.ts';
import { spendAnswer } from './spent-answers.ts';

/** The challenges of ALTCHA, version 2: clients can use its widget or library, and no third party is asked. */
const ALGORITHM = 'PBKDF2/SHA-256';
/** Iterations of each try; a browser makes a few thousand tries a second. */
const COST = 1_000;
const LIFETIME_SECONDS = 300;
const LONGEST_ANSWER = 4_096;

const answerSchema = z.object({
  challenge: z.object({
    parameters: z.looseObject({
      algorithm: z.literal(ALGORITHM),
      nonce: z.string(),
      salt: z.string(),
      cost: z.int(),
      keyLength: z.int(),
      keyPrefix: z.string(),
      keySignature: z.string(),
      expiresAt: z.number(),
    }),
    signature: z.string(),
  }),
  solution: z.object({ counter: z.int().min(0).max(0xffff_ffff), derivedKey: z.string() }),
});

type Options = {
  readonly db: Db;
  readonly secret: string;
  /** How many tries a client makes on average. */
  readonly work: number;
};

/**
 * The answer is the challenge with its solution, `{ challenge, solution }` in JSON or in base64 of it, as ALTCHA's
 * clients make it. A challenge is signed and not stored; only its use is stored.
 */
export function openProofOfWork({ db, secret, work }: Options): GuestChallenge {
  const secrets = { hmacSignatureSecret: secret, hmacKeySignatureSecret: `${secret} key` };
  return {
    kind: 'PROOF_OF_WORK',
    async issue() {
      const challenge = await createChallenge({
        algorithm: ALGORITHM,
        cost: COST,
        counter: randomInt(Math.ceil(work / 2), Math.ceil(work * 1.5)),
        deriveKey,
        expiresAt: Math.floor(Date.now() / 1000) + LIFETIME_SECONDS,
        ...secrets,
      });
      return JSON.stringify(challenge);
    },
    async accept(answer) {
      const parsed = answer.length <= LONGEST_ANSWER ? answerSchema.safeParse(parseAnswer(answer)) : undefined;
      if (!parsed?.success) return false;
      const { challenge, solution } = parsed.data;
      const { verified } = await verifySolution({
        challenge,
        solution,
        deriveKey,
        ...secrets,
      }).catch(() => ({ verified: false }));
      // By the signed nonce: one challenge has one use, in any spelling of its answer.
      return verified && (await spendAnswer(db, challenge.parameters.nonce, LIFETIME_SECONDS));
    },
  };
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('{') ? text : Buffer.from(text, 'base64').toString());
  } catch {
    return undefined;
  }
}
