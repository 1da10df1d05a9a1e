import type { Actor } from '../viewer.ts';
import { type AdmissionKey, isSame, secretKeyOf, signatureOf } from '../waiting-room/admission-tokens.ts';

export const exportKinds = ['bookings', 'tickets'] as const;
export type ExportKind = (typeof exportKinds)[number];

/** What a link gives to the caller for whom it was made. Ids are raw. */
export type ExportClaims = {
  readonly kind: ExportKind;
  readonly eventId: string;
  readonly actor: Actor;
  /** Whole seconds since 1970, by the clock of the process. */
  readonly expiresAt: number;
};

export type ExportLinks = {
  sign(claims: ExportClaims): string;
  /** The content of a token that one of our keys signed, even an expired one; undefined for any other text. */
  verify(token: string): ExportClaims | undefined;
};

const TOKEN = /^([\w-]{1,32})\.(bookings|tickets)\.([0-9a-f-]{36})\.([uk])\.([0-9a-f-]{36})\.(\d{10})\.([\w-]{43})$/;

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
      const [, kid = '', kind, eventId = '', who, id = '', seconds, signature = ''] = TOKEN.exec(token) ?? [];
      const key = keyOf.get(kid);
      if (!key) return undefined;
      const actor = who === 'u' ? { userId: id } : { accessKeyId: id };
      const claims = { kind: kind as ExportKind, eventId, actor, expiresAt: Number(seconds) };
      return isSame(signature, signatureOf(signed(contentOf(claims)), key)) ? claims : undefined;
    },
  };
}

const contentOf = ({ kind, eventId, actor, expiresAt }: ExportClaims): string =>
  [kind, eventId, ...('userId' in actor ? ['u', actor.userId] : ['k', actor.accessKeyId]), expiresAt].join('.');

/** No admission and no place begins like this, so none of them can pass for another. */
const signed = (content: string): string => `export ${content}`;
