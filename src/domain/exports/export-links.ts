import type { Actor } from '../viewer.ts';
import { type AdmissionKey, isSame, secretKeyOf, signatureOf } from '../waiting-room/admission-tokens.ts';

export type ExportKind = 'bookings' | 'tickets';

/** What a link gives to the caller for whom it was made. Ids are raw. */
export type ExportClaims = {
  readonly actor: Actor;
  /** Whole seconds since 1970, by the clock of the process. */
  readonly expiresAt: number;
} & (
  | { readonly kind: ExportKind; readonly eventId: string }
  /** `from` and `to` are whole milliseconds since 1970. */
  | {
      readonly kind: 'journal';
      readonly organizationId: string;
      readonly currency: string;
      readonly from: number;
      readonly to: number;
    }
);

export type ExportLinks = {
  sign(claims: ExportClaims): string;
  /** The content of a token that one of our keys signed, even an expired one; undefined for any other text. */
  verify(token: string): ExportClaims | undefined;
};

const ID = '[0-9a-f-]{36}';
const TOKEN = new RegExp(
  String.raw`^([\w-]{1,32})\.((?:(?:bookings|tickets)\.${ID}|journal\.${ID}\.[A-Z]{3}\.-?\d{1,16}\.-?\d{1,16})\.[uk]\.${ID}\.\d{10})\.([\w-]{43})$`,
);

/** The first key signs, all keys verify. Throws when there is no key. */
export function openExportLinks(keys: readonly AdmissionKey[]): ExportLinks {
  const [first] = keys;
  if (!first) throw new Error('There is no key to sign links with.');
  const keyOf = new Map(keys.map((key) => [key.kid, secretKeyOf(key)]));
  const signingKey = secretKeyOf(first);
  return {
    sign(claims) {
      const content = contentOf(claims);
      return `${first.kid}.${content}.${signatureOf(signed(content), signingKey)}`;
    },
    verify(token) {
      const [, kid = '', content = '', signature = ''] = TOKEN.exec(token) ?? [];
      const key = keyOf.get(kid);
      if (!key || !isSame(signature, signatureOf(signed(content), key))) return undefined;
      return claimsOf(content);
    },
  };
}

function contentOf(claims: ExportClaims): string {
  const { kind, actor, expiresAt } = claims;
  const who = 'userId' in actor ? ['u', actor.userId] : ['k', actor.accessKeyId];
  const what = kind === 'journal' ? [claims.organizationId, claims.currency, claims.from, claims.to] : [claims.eventId];
  return [kind, ...what, ...who, expiresAt].join('.');
}

function claimsOf(content: string): ExportClaims {
  const [kind, subject = '', ...rest] = content.split('.');
  const [who, id = '', seconds] = rest.slice(-3);
  const claims = { actor: who === 'u' ? { userId: id } : { accessKeyId: id }, expiresAt: Number(seconds) };
  if (kind !== 'journal') return { ...claims, kind: kind as ExportKind, eventId: subject };
  const [currency = '', from, to] = rest;
  return { ...claims, kind, organizationId: subject, currency, from: Number(from), to: Number(to) };
}

/** No admission and no place begins like this, so none of them can pass for another. */
const signed = (content: string): string => `export ${content}`;
