import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** A key of `ADMISSION_KEYS`. The id says which key signed. */
export type AdmissionKey = { readonly kid: string; readonly secret: string };

/** The content of an admission. Ids are raw; times are milliseconds since 1970. */
export type AdmissionClaims = {
  /** Unique. */
  readonly id: string;
  readonly eventId: string;
  readonly userId: string;
  /** The sign-in session that it was given to. */
  readonly signInId: string;
  readonly ordinal: number;
  readonly issuedAtMs: number;
  /** The end of the turn: a fan who is not inside by then does not get in with this admission. */
  readonly enterUntilMs: number;
  /** The token has times in whole seconds, rounded down. */
  readonly expiresAtMs: number;
};

export type AdmissionTokens = {
  /** A JWT (HS256), about 400 characters. */
  issue(claims: AdmissionClaims): string;
  /**
   * The content of a token that one of our keys signed, even an expired one; undefined for any other text. About 3
   * us.
   */
  verify(token: string): AdmissionClaims | undefined;
};

const TYPE = 'admission+jwt';
const MAX_LENGTH = 1_024;

/** The first key signs, all keys verify. Throws when there is no key. */
export function openAdmissionTokens(keys: readonly AdmissionKey[]): AdmissionTokens {
  const [first] = keys;
  if (!first) throw new Error('There is no key to sign admissions with.');
  // Only the headers that we write are known, so no token can choose another algorithm or type.
  const keyOf = new Map(keys.map((key) => [headerOf(key), secretKeyOf(key)]));
  const header = headerOf(first);
  const signingKey = secretKeyOf(first);
  return {
    issue(claims) {
      const content = `${header}.${encode(payloadOf(claims))}`;
      return `${content}.${signatureOf(content, signingKey)}`;
    },
    verify(token) {
      if (token.length > MAX_LENGTH) return undefined;
      const endOfHeader = token.indexOf('.');
      const endOfContent = token.lastIndexOf('.');
      const key = keyOf.get(token.slice(0, endOfHeader));
      if (!key || endOfContent <= endOfHeader) return undefined;
      const signature = signatureOf(token.slice(0, endOfContent), key);
      if (!isSame(token.slice(endOfContent + 1), signature)) return undefined;
      return claimsOf(JSON.parse(Buffer.from(token.slice(endOfHeader + 1, endOfContent), 'base64url').toString()));
    },
  };
}

type Payload = {
  aud: string;
  sub: string;
  sid: string;
  ord: number;
  jti: string;
  iat: number;
  ent: number;
  exp: number;
};

const payloadOf = (claims: AdmissionClaims): Payload => ({
  aud: claims.eventId,
  sub: claims.userId,
  sid: claims.signInId,
  ord: claims.ordinal,
  jti: claims.id,
  iat: Math.floor(claims.issuedAtMs / 1000),
  ent: Math.floor(claims.enterUntilMs / 1000),
  exp: Math.floor(claims.expiresAtMs / 1000),
});

function claimsOf({ aud, sub, sid, ord, jti, iat, ent, exp }: Payload): AdmissionClaims | undefined {
  // Ordinals are looked up in batches: one that is not a number would fail the whole batch.
  if (![ord, iat, ent, exp].every(Number.isSafeInteger)) return undefined;
  return {
    id: jti,
    eventId: aud,
    userId: sub,
    signInId: sid,
    ordinal: ord,
    issuedAtMs: iat * 1000,
    enterUntilMs: ent * 1000,
    expiresAtMs: exp * 1000,
  };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const headerOf = ({ kid }: AdmissionKey): string => encode({ alg: 'HS256', typ: TYPE, kid });

export const secretKeyOf = ({ secret }: AdmissionKey): KeyObject => createSecretKey(Buffer.from(secret));
export const signatureOf = (content: string, key: KeyObject): string =>
  createHmac('sha256', key).update(content).digest('base64url');

/** Compared as text: the last character of a base64url signature may differ and still decode to the same bytes. */
export function isSame(given: string, signature: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(signature)];
  return a.length === b.length && timingSafeEqual(a, b);
}
