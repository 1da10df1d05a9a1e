import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { testGuestChallenge } from '#test/support/account/guest-challenge-conformance.ts';
import { openTurnstileServer } from '#test/support/account/turnstile-server.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { ChallengeRequired, requireAnswer } from './guest-challenge.ts';
import { openProofOfWork } from './proof-of-work-challenge.ts';
import { openTurnstile } from './turnstile-challenge.ts';

const database = await createBookingDatabase();
const pools = [1, 2].map(() => openDb({ url: database.url, poolMax: 2, name: 'test' }));
const [db, otherDb] = pools as [(typeof pools)[number], (typeof pools)[number]];
const nowhere = openDb({ url: 'postgres://127.0.0.1:9/nowhere', poolMax: 1, name: 'test' });
const turnstile = await openTurnstileServer('the secret key');
afterAll(async () => {
  await turnstile.close();
  await Promise.all([...pools, nowhere].map(closeDb));
  await database.drop();
});

/** The recipe of docs/hoarding.md. */
async function solve(issued: string): Promise<string> {
  const challenge = JSON.parse(issued);
  const solution = await solveChallenge({ challenge, deriveKey });
  return JSON.stringify({ challenge, solution });
}
const work = { secret: 'a secret of all processes', work: 50 };

describe('proof of work', () => {
  testGuestChallenge(() => ({
    challenges: [openProofOfWork({ db, ...work }), openProofOfWork({ db: otherDb, ...work })],
    solve,
    async whenTooOld(during) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 301_000 });
      try {
        return await during();
      } finally {
        vi.useRealTimers();
      }
    },
    away: openProofOfWork({ db: nowhere, ...work }),
  }));

  test('accepts an answer in base64, as the widget sends it, as the same answer', async () => {
    const challenge = openProofOfWork({ db, ...work });
    const answer = await solve(await challenge.issue());
    expect(await challenge.accept(Buffer.from(answer).toString('base64'))).toBe(true);
    expect(await challenge.accept(answer)).toBe(false);
  });

  test('refuses the solution of a challenge that was not issued here, or was made easier', async () => {
    const challenge = openProofOfWork({ db, ...work });
    const foreign = await solve(await openProofOfWork({ db, ...work, secret: 'another secret' }).issue());
    expect(await challenge.accept(foreign)).toBe(false);
    const issued = JSON.parse(await challenge.issue());
    for (const parameters of [{ cost: 1 }, { keyPrefix: 'f' }, { keyPrefix: '00' }, { expiresAt: 4_000_000_000 }]) {
      const eased = { ...issued, parameters: { ...issued.parameters, ...parameters } };
      const solution = (await solveChallenge({ challenge: eased, deriveKey, timeout: 500 })) ?? {
        counter: 0,
        derivedKey: '00',
      };
      expect(await challenge.accept(JSON.stringify({ challenge: eased, solution }))).toBe(false);
    }
  });

  test('the work is as much as configured', async () => {
    const counters: number[] = [];
    for (let n = 0; n < 20; n++) {
      const challenge = JSON.parse(await openProofOfWork({ db, ...work }).issue());
      counters.push((await solveChallenge({ challenge, deriveKey }))?.counter ?? 0);
    }
    expect(Math.min(...counters)).toBeGreaterThanOrEqual(25);
    expect(Math.max(...counters)).toBeLessThanOrEqual(75);
  });
});

describe('Turnstile', () => {
  const settings = {
    siteKey: '0x4AAA',
    secretKey: 'the secret key',
    url: turnstile.url,
    hostnames: ['tickets.example'],
  };
  testGuestChallenge(() => ({
    challenges: [openTurnstile({ db, ...settings }), openTurnstile({ db: otherDb, ...settings })],
    solve: () => Promise.resolve(turnstile.token()),
    whenTooOld(during) {
      turnstile.age();
      return during();
    },
    away: openTurnstile({ db, ...settings, url: 'http://127.0.0.1:9/turnstile/v0/siteverify' }),
  }));

  test('the client gets the site key; Cloudflare gets the token and no address', async () => {
    const challenge = openTurnstile({ db, ...settings });
    expect(await challenge.issue()).toBe('0x4AAA');
    const token = turnstile.token();
    await challenge.accept(token);
    const sent = turnstile.requests.at(-1) ?? {};
    expect(sent).toMatchObject({ secret: 'the secret key', response: token });
    expect(Object.keys(sent).sort()).toEqual(['idempotency_key', 'response', 'secret']);
  });

  test.each(['internal-error', 'hang-up after validating', 'an error page'] as const)(
    '%s: asked once more with the same key, the token is accepted; after a second failure, the guest gets TryAgain',
    async (fault) => {
      const challenge = openTurnstile({ db, ...settings });
      turnstile.fail(fault, 1);
      expect(await challenge.accept(turnstile.token())).toBe(true);
      const [first, second] = turnstile.requests.slice(-2);
      expect(second?.idempotency_key).toBe(first?.idempotency_key);
      turnstile.fail(fault, 2);
      await expect(challenge.accept(turnstile.token())).rejects.toMatchObject({ code: 'TRY_AGAIN' });
    },
  );

  test('refuses a token of another page', async () => {
    const challenge = openTurnstile({ db, ...settings });
    expect(await challenge.accept(turnstile.token('evil.example'))).toBe(false);
    expect(await openTurnstile({ db, ...settings, hostnames: undefined }).accept(turnstile.token('any.example'))).toBe(
      true,
    );
  });

  test('a secret key that Cloudflare does not know is our error, not the guest’s', async () => {
    const challenge = openTurnstile({ db, ...settings, secretKey: 'wrong' });
    await expect(challenge.accept(turnstile.token())).rejects.toThrow('invalid-input-secret');
  });
});

test('a guest without an answer gets a challenge, and with a wrong answer another one', async () => {
  const challenge = openProofOfWork({ db, ...work });
  const refused = async (answer?: string) => requireAnswer(challenge, answer).catch((error: unknown) => error);
  const [first, second] = [await refused(), await refused('nonsense')];
  for (const refusal of [first, second])
    expect(refusal).toMatchObject({ code: 'CHALLENGE_REQUIRED', kind: 'PROOF_OF_WORK', retry: { advice: 'AFTER' } });
  expect(first).toBeInstanceOf(ChallengeRequired);
  const { challenge: issued } = second as ChallengeRequired;
  expect(issued).not.toBe((first as ChallengeRequired).challenge);
  await requireAnswer(challenge, await solve(issued));
});
