import { createHmac, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { type AdmissionClaims, openAdmissionTokens } from './admission-tokens.ts';

const key = { kid: 'k1', secret: 'a'.repeat(32) };
const newKey = { kid: 'k2', secret: 'b'.repeat(32) };
const tokens = openAdmissionTokens([key]);

const claims = (): AdmissionClaims => ({
  id: randomUUID(),
  eventId: randomUUID(),
  userId: randomUUID(),
  signInId: randomUUID(),
  ordinal: 4_711,
  issuedAtMs: 1_700_000_000_000,
  enterUntilMs: 1_700_000_060_000,
  expiresAtMs: 1_700_000_600_000,
});
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString());
/** A JWT as any program with the secret can make one. */
const jwt = (header: object, payload: object, secret = key.secret) => {
  const content = `${encode(header)}.${encode(payload)}`;
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
};

test('an admission is a JWT with its claims, and names its algorithm, type and key', () => {
  const said = claims();
  const token = tokens.issue(said);
  expect(tokens.verify(token)).toEqual(said);
  expect(token.length).toBeLessThan(500);
  const [header, payload] = token.split('.');
  expect(decode(header)).toEqual({ alg: 'HS256', typ: 'admission+jwt', kid: 'k1' });
  expect(decode(payload)).toEqual({
    aud: said.eventId,
    sub: said.userId,
    sid: said.signInId,
    ord: said.ordinal,
    jti: said.id,
    iat: 1_700_000_000,
    ent: 1_700_000_060,
    exp: 1_700_000_600,
  });
  expect(jwt(decode(header), decode(payload))).toBe(token);
});

test('rejects a token with any one character changed, removed or added', () => {
  const token = tokens.issue(claims());
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=';
  let tried = 0;
  for (let at = 0; at < token.length; at++) {
    const others = [...characters].filter((character) => character !== token[at]);
    const some = at >= token.length - 2 ? others : others.filter((_, index) => index % 6 === at % 6);
    const mutations = [
      ...some.map((character) => token.slice(0, at) + character + token.slice(at + 1)),
      token.slice(0, at) + token.slice(at + 1),
      `${token.slice(0, at)}A${token.slice(at)}`,
    ].filter((mutated) => mutated !== token);
    for (const mutated of mutations) expect(tokens.verify(mutated), mutated).toBeUndefined();
    tried += mutations.length;
  }
  expect(tried).toBeGreaterThan(4_000);
});

test('rejects any other algorithm, type, key or text, even when it is signed with our secret', () => {
  const payload = decode(tokens.issue(claims()).split('.')[1]);
  const header = { alg: 'HS256', typ: 'admission+jwt', kid: 'k1' };
  expect(tokens.verify(jwt(header, payload))).toBeDefined();
  for (const other of [
    { ...header, alg: 'none' },
    { ...header, alg: 'HS512' },
    { ...header, typ: 'JWT' },
    { ...header, kid: 'k2' },
    { ...header, crit: ['x'] },
    { alg: 'HS256', kid: 'k1' },
  ])
    expect(tokens.verify(jwt(other, payload)), JSON.stringify(other)).toBeUndefined();
  expect(tokens.verify(jwt(header, payload, newKey.secret))).toBeUndefined();
  for (const claims of [{ ord: '1' }, { ord: undefined }, { ord: 0.5 }, { exp: 'tomorrow' }, { exp: undefined }])
    expect(tokens.verify(jwt(header, { ...payload, ...claims })), JSON.stringify(claims)).toBeUndefined();
  const [head] = jwt(header, payload).split('.');
  for (const text of ['', '.', '..', 'a.b.c', `${head}`, `${head}.`, `${head}..`, `${head}.e30`, 'x'.repeat(100_000)])
    expect(tokens.verify(text)).toBeUndefined();
});

test('while a key is rotated both verify and the first signs; afterwards the old one is rejected', () => {
  const old = tokens.issue(claims());
  const rotating = openAdmissionTokens([newKey, key]);
  expect(rotating.verify(old)).toBeDefined();
  const fresh = rotating.issue(claims());
  expect(decode(fresh.split('.')[0]).kid).toBe('k2');
  const rotated = openAdmissionTokens([newKey]);
  expect(rotated.verify(fresh)).toBeDefined();
  expect(rotated.verify(old)).toBeUndefined();
});
