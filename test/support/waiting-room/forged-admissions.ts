import { createHmac, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';

export type Forgery = { readonly what: string; readonly token: string };

export type ForgerKnows = {
  /** A genuine admission. */
  readonly token: string;
  /** The key that signed it. Admissions made with it must be refused for their content. */
  readonly key: { readonly kid: string; readonly secret: string };
  /** Raw ids of other viewers. */
  readonly eventId: string;
  readonly userId: string;
  readonly signInId: string;
};

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString());
const hmac = (content: string, secret: string | Buffer, hash = 'sha256') =>
  createHmac(hash, secret).update(content).digest('base64url');
const jwt = (header: unknown, payload: unknown, secret: string | Buffer, hash?: string) => {
  const content = `${encode(header)}.${encode(payload)}`;
  return `${content}.${hmac(content, secret, hash)}`;
};

/** Every bit of every character, if the result can be sent in a header; each character once, then again. */
export function bitFlipsOf(token: string): Forgery[] {
  const flipsOfEach = [...token].map((_, at) =>
    [0, 1, 2, 3, 4, 5, 6].map((bit) => flip(token, at, bit)).filter(isSendable),
  );
  return [0, 1, 2, 3, 4, 5, 6].flatMap((round) => flipsOfEach.flatMap((flips) => flips[round] ?? []));
}

/** A few characters at random places are replaced. */
export function scrambled(token: string): Forgery {
  let forged = token;
  for (let n = 2 + (randomBytes(1)[0] ?? 0) / 64; n > 0; n--) forged = flip(forged, at(forged), bit()).token;
  const forgery = { what: 'several bits flipped', token: forged };
  return forged !== token && isSendable(forgery) ? forgery : scrambled(token);
}

const at = (text: string) => randomBytes(4).readUInt32BE() % text.length;
const bit = () => (randomBytes(1)[0] ?? 0) % 7;

function flip(token: string, index: number, which: number): Forgery {
  const character = String.fromCharCode(token.charCodeAt(index) ^ (1 << which));
  return { what: 'a bit flipped', token: token.slice(0, index) + character + token.slice(index + 1) };
}

/** Blanks at the ends are not part of a header's value. */
const isSendable = ({ token }: Forgery) => /^[\x20-\x7e]*$/.test(token) && token.trim() === token;

/** One forgery of each kind. */
export function forgeriesOf(knows: ForgerKnows): Forgery[] {
  const kinds = {
    ...textsOf(knows),
    ...unsignedOf(knows),
    ...otherKeysOf(knows),
    ...headersOf(knows),
    ...claimsOf(knows),
  };
  return Object.entries(kinds).map(([what, token]) => ({ what, token }));
}

function textsOf({ token }: ForgerKnows): Record<string, string> {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return {
    'nothing in it': '',
    'cut at the end': token.slice(0, -1),
    'one character more': `${token}A`,
    'padded like base64': `${token}=`,
    'a fourth part': `${token}.${signature}`,
    'an empty signature': `${header}.${payload}.`,
    'no signature': `${header}.${payload}`,
    'no payload': `${header}..${signature}`,
    'no header': `.${payload}.${signature}`,
    'the parts in another order': `${payload}.${header}.${signature}`,
    'twice the same, as two headers are joined': `${token}, ${token}`,
    'with the word Bearer': `Bearer ${token}`,
    'in capitals': token.toUpperCase(),
    'very long': token.repeat(8),
    'no JWT': 'admit-me',
    'a JSON object': JSON.stringify({ header, payload, signature }),
  };
}

/** The algorithm `none`, in the spellings that libraries accepted by mistake. */
function unsignedOf({ token }: ForgerKnows): Record<string, string> {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const unsigned = (alg: string) => `${encode({ ...decode(header), alg })}.${payload}.`;
  return {
    'alg none': unsigned('none'),
    'alg None': unsigned('None'),
    'alg NONE': unsigned('NONE'),
    'alg nOnE': unsigned('nOnE'),
    'alg none with the genuine signature': `${unsigned('none')}${signature}`,
    'alg empty': unsigned(''),
  };
}

function otherKeysOf({ token, key }: ForgerKnows): Record<string, string> {
  const [head = '', body = ''] = token.split('.');
  const [header, payload] = [decode(head), decode(body)];
  const signed = (secret: string | Buffer) => `${head}.${body}.${hmac(`${head}.${body}`, secret)}`;
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const own = `${encode({ ...header, alg: 'EdDSA', jwk: publicKey.export({ format: 'jwk' }) })}.${body}`;
  return {
    'another key': signed(randomBytes(32)),
    'an empty key': signed(''),
    'the key of a tutorial': signed('your-256-bit-secret'),
    'the id of the key as the key': signed(key.kid),
    'id and key as the configuration has them': signed(`${key.kid}:${key.secret}`),
    'the key without its last character': signed(key.secret.slice(0, -1)),
    'another viewer, and the genuine signature': `${head}.${encode({ ...payload, sub: randomUUID() })}.${token.split('.')[2]}`,
    'a later end, and the genuine signature': `${head}.${encode({ ...payload, exp: payload.exp + 60 })}.${token.split('.')[2]}`,
    'EdDSA with a key that it brings along': `${own}.${sign(null, Buffer.from(own), privateKey).toString('base64url')}`,
  };
}

/** Signed with the right key, under a wrong header. */
function headersOf({ token, key }: ForgerKnows): Record<string, string> {
  const [head, body] = token.split('.');
  const [header, payload] = [decode(head), decode(body)];
  const { kid, ...withoutKid } = header;
  const { alg, ...withoutAlg } = header;
  const signed = (other: unknown) => jwt(other, payload, key.secret);
  return {
    'HS512 with our key': jwt({ ...header, alg: 'HS512' }, payload, key.secret, 'sha512'),
    'HS384 with our key': jwt({ ...header, alg: 'HS384' }, payload, key.secret, 'sha384'),
    'HS512 that says HS256': jwt(header, payload, key.secret, 'sha512'),
    'RS256 that is an HMAC of our key': signed({ ...header, alg: 'RS256' }),
    'no alg': signed(withoutAlg),
    [`alg in small letters, not ${alg}`]: signed({ ...header, alg: 'hs256' }),
    [`no kid, where ${kid} was`]: signed(withoutKid),
    'an unknown kid': signed({ ...header, kid: 'k9' }),
    'an empty kid': signed({ ...header, kid: '' }),
    'a kid that every object has': signed({ ...header, kid: '__proto__' }),
    'a kid that is a file': signed({ ...header, kid: '../../dev/null' }),
    'a kid that is a list': signed({ ...header, kid: [kid] }),
    'another type': signed({ ...header, typ: 'at+jwt' }),
    'a key that it brings along': signed({ ...header, jwk: { kty: 'oct', k: Buffer.from('x').toString('base64url') } }),
    'a header that must be understood': signed({ ...header, crit: ['exp'] }),
    'a header that is null': signed(null),
  };
}

/** Signed with the right key under the right header: they must be refused for their content. */
function claimsOf({ token, key, eventId, userId, signInId }: ForgerKnows): Record<string, string> {
  const [head, body] = token.split('.');
  const [header, payload] = [decode(head), decode(body)];
  const saying = (claims: object) => jwt(header, { ...payload, ...claims }, key.secret);
  return {
    'of our key, for another event': saying({ aud: eventId }),
    'of our key, for every event': saying({ aud: '*' }),
    'of our key, for a list of events': saying({ aud: [payload.aud] }),
    'of our key, for another viewer': saying({ sub: userId }),
    'of our key, for another sign-in session': saying({ sid: signInId }),
    'of our key, over since a second': saying({ exp: Math.floor(Date.now() / 1000) - 1 }),
    'of our key, over since 1970': saying({ exp: 0 }),
    'of our key, without an end': saying({ exp: undefined }),
    'of our key, with an end that is text': saying({ exp: 'tomorrow' }),
    'of our key, for an ordinal without a place': saying({ ord: 2_000_000_000 }),
    'of our key, for a negative ordinal': saying({ ord: -1 }),
    'of our key, for an ordinal that is text': saying({ ord: `${payload.ord} or true` }),
    'of our key, without an ordinal': saying({ ord: undefined }),
  };
}
