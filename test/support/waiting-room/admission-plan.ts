import { randomUUIDv7 } from 'node:crypto';
import { type Way, wayNames } from '#test/fans/admission-attempts.ts';
import { bitFlipsOf, type ForgerKnows, type Forgery, forgeriesOf, scrambled } from './forged-admissions.ts';

export type Planned = Forgery & { readonly way: Way };

export type Plan = {
  /** The genuine admissions of all fans inside. */
  readonly tokens: readonly string[];
  readonly key: ForgerKnows['key'];
  /** Another event, raw. */
  readonly other: string;
  /** False: the fans inside share the kinds of forgeries, and each tries some of them in some of the ways. */
  readonly isWhole: boolean;
};

/**
 * Endless attempts of a fan inside, who lacks only a genuine token: each kind of forgery in every way, the tokens of
 * the others, and then flipped bits of the fan's own token. Together the fans flip each bit.
 */
export function* planAttempts(insider: number, { tokens, key, other, isWhole }: Plan): Generator<Planned> {
  const token = tokens[insider] ?? '';
  const knows = { token, key, eventId: other, userId: randomUUIDv7(), signInId: randomUUIDv7() };
  const kinds = forgeriesOf(knows).flatMap((forgery) => wayNames.map((way) => ({ ...forgery, way })));
  yield* isWhole ? kinds : kinds.filter((_, index) => index % tokens.length === insider);
  for (const owned of tokens)
    if (owned !== token)
      for (const way of wayNames) yield { what: 'the admission of another fan inside', way, token: owned };
  const flips = bitFlipsOf(token);
  for (let n = 0; ; n++) {
    const forgery = n % 10 === 9 ? scrambled(token) : flipAt(flips, insider + n * tokens.length);
    yield { ...forgery, way: wayOf(n + insider) };
  }
}

function flipAt(flips: readonly Forgery[], n: number): Forgery {
  const flip = flips[(n + Math.floor(n / flips.length)) % flips.length];
  if (!flip) throw new Error('A token has no bits.');
  return flip;
}

/** Mostly over HTTP, because far more attempts fit into a minute. */
export function wayOf(n: number): Way {
  if (n % 20 === 0) return 'seatMapChanged over WebSocket';
  if (n % 40 === 1) return 'seatMapChanged as events';
  return n % 2 ? 'createBooking' : 'seatMap';
}

export const firstDifference = (forged: string, genuine: string): number =>
  [...genuine].findIndex((character, at) => forged[at] !== character);
