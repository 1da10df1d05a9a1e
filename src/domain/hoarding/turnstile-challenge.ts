import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Db } from '#db/client.ts';
import { TryAgain } from '../errors.ts';
import type { GuestChallenge } from './guest-challenge.ts';
import { spendAnswer } from './spent-answers.ts';

const SITEVERIFY_URL = 'https://challenges.cloudflare.com/turnstile/v0/siteverify';

/** What Cloudflare says of a token: its longest form, and how long it is good for. */
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

/** The widget's own answer, as opposed to: ask again, or: our setting is wrong. */
const OF_THE_TOKEN = new Set(['missing-input-response', 'invalid-input-response', 'timeout-or-duplicate']);

type Options = {
  readonly db: Db;
  readonly siteKey: string;
  readonly secretKey: string;
  /** The pages that may show the widget; undefined: any that Cloudflare allows for the site key. */
  readonly hostnames?: readonly string[] | undefined;
  readonly url?: string | undefined;
};

/**
 * Cloudflare Turnstile: the challenge is the site key, the answer is the token of its widget. Who is asked is Cloudflare,
 * which is told the token and no address. A token is good for one validation "subject to network convergence", so it is
 * also spent here.
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
          throw new Error(`Turnstile refused a token for a reason that is not its own: ${ours.join()}`);
        return false;
      }
      if (hostnames && !hostnames.includes(hostname ?? '')) return false;
      return await spendAnswer(db, token, LIFETIME_SECONDS);
    },
  };
}

/** With one key for all tries: a token whose validation was not answered is validated again and not refused as used. */
async function validate({ secretKey, url = SITEVERIFY_URL }: Options, token: string): Promise<Verdict> {
  const body = new URLSearchParams({ secret: secretKey, response: token, idempotency_key: randomUUID() });
  for (let tried = 1; tried <= TRIES; tried++) {
    const verdict = await ask(url, body);
    if (verdict && !verdict['error-codes'].includes('internal-error')) return verdict;
  }
  throw new TryAgain(RETRY_SECONDS, { message: 'The challenge can’t be checked now. Try again with the same answer.' });
}

/** Undefined: no verdict. */
async function ask(url: string, body: URLSearchParams): Promise<Verdict | undefined> {
  try {
    const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(PATIENCE_MS) });
    // A refusal may come as a 4xx, and it has a verdict; a proxy's error page has none.
    return verdictSchema.safeParse(await response.json()).data;
  } catch {
    return undefined;
  }
}
