import { createPrivateKey } from 'node:crypto';
import { decodeJwt, SignJWT } from 'jose';
import type { System } from '#test/support/system/system.ts';

/** A token of the same viewer and session that expires in this many seconds. */
export function shortLived({ env }: Pick<System, 'env'>, token: string, seconds: number): Promise<string> {
  const { sub = '', iss = '', aud = '', sid, role } = decodeJwt(token);
  const key = { key: Buffer.from(env.TOKEN_PRIVATE_KEY ?? '', 'base64'), format: 'der', type: 'pkcs8' } as const;
  return new SignJWT({ sid, role })
    .setProtectedHeader({ alg: 'Ed25519', typ: 'at+jwt' })
    .setSubject(sub)
    .setIssuer(iss)
    .setAudience(aud)
    .setIssuedAt()
    .setExpirationTime(new Date(Date.now() + seconds * 1000))
    .sign(createPrivateKey(key));
}
