import { createHash, randomUUIDv7 } from 'node:crypto';
import { openAccessTokens } from '#domain/account/access-tokens.ts';

/** Ids in random order, as sign-ups leave them. The same number always has the same id. */
export function userIdOf(index: number): string {
  const hex = createHash('sha256').update(`fan ${index}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Access tokens of the viewers with the numbers from `from` on, each with a sign-in session of its own. */
export async function signIn(tokenPrivateKey: string, { from, count }: { from: number; count: number }) {
  const tokens = openAccessTokens({ privateKey: tokenPrivateKey });
  const issued: string[] = [];
  for (let index = from; index < from + count; index++) {
    const viewer = { userId: userIdOf(index), role: 'FAN', sessionId: randomUUIDv7() } as const;
    issued.push((await tokens.issue(viewer)).token);
  }
  return issued;
}
