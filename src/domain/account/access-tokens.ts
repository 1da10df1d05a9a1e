import { createPrivateKey, createPublicKey, hash } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Viewer } from '../viewer.ts';

const ALGORITHM = 'Ed25519';
const TYPE = 'at+jwt';
const ISSUER = 'frontrow';
const AUDIENCE = 'frontrow-api';
export const ACCESS_TOKEN_SECONDS = 15 * 60;

/**
 * A verification costs 80 us, and a fan who buys or waits sends the same token many times. Only the hash of a token
 * is kept: 400 bytes each, 40 MB when a hundred thousand fans poll one process.
 */
const CACHED_AT_MOST = 100_000;

const claims = z.object({
  sub: z.uuid(),
  sid: z.uuid(),
  role: z.enum(['FAN', 'ORGANIZER', 'ADMIN']),
  exp: z.number(),
});

export type AccessTokens = {
  issue(viewer: Pick<Viewer, 'userId' | 'role' | 'sessionId'>): Promise<{ token: string; expiresAt: Date }>;
  /** The viewer of a token that we signed; undefined for any other text and for an expired token. */
  verify(token: string): Promise<Viewer | undefined>;
  /** The viewer of a token that was verified a short while ago, at a fortieth of the cost. */
  known(token: string): Viewer | undefined;
};

/** `privateKey` is an Ed25519 key, PKCS #8 DER in base64. Throws an Error when it is something else. */
export function openAccessTokens({ privateKey }: { privateKey: string }): AccessTokens {
  const signingKey = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  if (signingKey.asymmetricKeyType !== 'ed25519') throw new Error('The token key is not an Ed25519 key.');
  const verifyingKey = createPublicKey(signingKey);
  const verified = new LRUCache<string, Viewer>({ max: CACHED_AT_MOST });

  const keyOf = (token: string) => hash('sha256', token, 'base64');
  const unlessExpired = (viewer: Viewer | undefined) =>
    viewer && viewer.tokenExpiresAt.getTime() > Date.now() ? viewer : undefined;

  return {
    async issue({ userId, role, sessionId }) {
      const expiresAt = new Date((Math.floor(Date.now() / 1000) + ACCESS_TOKEN_SECONDS) * 1000);
      const token = await new SignJWT({ sid: sessionId, role })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
        .setSubject(userId)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(expiresAt)
        .sign(signingKey);
      return { token, expiresAt };
    },

    async verify(token) {
      if (token.length > 2_048) return undefined;
      const key = keyOf(token);
      const known = verified.get(key);
      if (known) return unlessExpired(known);
      try {
        const { payload } = await jwtVerify(token, verifyingKey, {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ['exp', 'sub', 'sid'],
        });
        const { sub, sid, role, exp } = claims.parse(payload);
        const viewer = { userId: sub, role, sessionId: sid, tokenExpiresAt: new Date(exp * 1000) };
        verified.set(key, viewer);
        return viewer;
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined;
        throw error;
      }
    },

    known: (token) => unlessExpired(verified.get(keyOf(token))),
  };
}
