import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Db } from '#db/client.ts';
import { TryAgain } from '../errors.ts';
import type { GuestChallenge } from './guest-challenge.ts';
import { spendAnswer } from './spent-answers.ts';

const SITEVERIFY_URL = 'https://challenges.cloudflare.com/turnstile/v0/siteverify';

/** Cloudflare's limits for a token: its greatest length, and how long it is valid. */
const LONGEST_TOKEN = 2_048;
const LIFETIME_SECONDS = 300;
const PATIENCE_MS = 3_000;
const TRIES = 2;
const RETRY_SECONDS = 5;

const verdictSchema = z.object({
  success: z.boolean(),
  'error-codes': z.array(z.string()).default([]),
  hostname: z.string().optional(),
});
type Verdict = z.infer<typeof verdictSchema>;

/** Errors of the guest's token. Any other error means: ask again, or our setting is wrong. */
const OF_THE_TOKEN = new Set(['missing-input-response', 'invalid-input-response', 'timeout-or-duplicate']);

type Options = {
  readonly db: Db;
  readonly siteKey: string;
  readonly secretKey: string;
  /** The pages that may show the widget; undefined: any page that Cloudflare allows for the site key. */
  readonly hostnames?: readonly string[] | undefined;
  readonly url?: string | undefined;
};

/**
 * Cloudflare Turnstile: the challenge is the site key, the answer is the token of its widget. Cloudflare is asked,
 * with the token and without an address. A token is valid for one validation "subject to network convergence", so it
 * is also marked as spent here.
 */
export function openTurnstile(options: Options): GuestChallenge {
  const { db, siteKey, hostnames } = options;
  return {
    kind: 'TURNSTILE',
    issue: () => Promise.resolve(siteKey),
    async accept(token) {
      if (token === '' || token.length > LONGEST_TOKEN) return false;
      const { success, 'error-codes': codes, hostname } = await validate(options, token);
      if (!success) {
        const ours = codes.filter((code) => !OF_THE_TOKEN.has(code));
        if (ours.length > 0)
          throw new Error(`Turnstile refused a request for a reason other than the token: ${ours.join()}`);
        return false;
      }
      if (hostnames && !hostnames.includes(hostname ?? '')) return false;
      return await spendAnswer(db, token, LIFETIME_SECONDS);
    },
  };
}

/**
 * Uses one key for all tries, so that a token whose validation got no response is validated again and not refused as
 * used.
 */
async function validate({ secretKey, url = SITEVERIFY_URL }: Options, token: string): Promise<Verdict> {
  const body = new URLSearchParams({ secret: secretKey, response: token, idempotency_key: randomUUID() });
  for (let tried = 1; tried <= TRIES; tried++) {
    const verdict = await ask(url, body);
    if (verdict && !verdict['error-codes'].includes('internal-error')) return verdict;
  }
  throw new TryAgain(RETRY_SECONDS, {
    message: 'The answer cannot be checked at the moment. Try again with the same answer.',
  });
}

/** Undefined: no verdict. */
async function ask(url: string, body: URLSearchParams): Promise<Verdict | undefined> {
  try {
    const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(PATIENCE_MS) });
    // A refusal may come as a 4xx with a verdict; a proxy's error page has none.
    return verdictSchema.safeParse(await response.json()).data;
  } catch {
    return undefined;
  }
}
