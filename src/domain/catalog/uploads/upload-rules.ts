import { InvalidInput } from '../../errors.ts';

/** What an upload is for. */
export const uploadPurposes = ['SEATING_PLAN', 'EVENT_IMAGE'] as const;
export type UploadPurpose = (typeof uploadPurposes)[number];

export const MAX_UPLOAD_BYTES = 32 * 1024 * 1024;
/** How long an unused upload lasts; its hour begins again when its bytes have arrived. */
export const UPLOAD_SECONDS = 3_600;
/** The unused uploads that one organization may have at a time. */
export const MOST_UNUSED_UPLOADS = 20;
/** A file is stored in pieces of this size. */
export const PIECE_BYTES = 512 * 1024;

const MEDIA_TYPE = /^[a-z0-9][\w!#$&^.+-]{0,60}\/[a-z0-9][\w!#$&^.+-]{0,60}$/;

/** How a file of the type begins. WebP has its length after the first four bytes. */
const BEGINNINGS: Readonly<Record<string, (head: Buffer) => boolean>> = {
  'image/png': (head) => head.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n',
  'image/jpeg': (head) => head.toString('latin1', 0, 3) === '\xff\xd8\xff',
  'image/webp': (head) => head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP',
};

/** The type of a Content-Type header without its parameters, in lower case; undefined for what is not a media type. */
export function mediaTypeOf(contentType: string): string | undefined {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return MEDIA_TYPE.test(type) ? type : undefined;
}

/** Throws InvalidInput for a type that is not one, and for an image that browsers do not all show. */
export function requireContentType(purpose: UploadPurpose, contentType: string): string {
  const type = mediaTypeOf(contentType);
  if (type === undefined) throw new InvalidInput('contentType', 'A media type such as application/json is needed.');
  if (purpose === 'EVENT_IMAGE' && !Object.hasOwn(BEGINNINGS, type))
    throw new InvalidInput('contentType', `An image is one of ${Object.keys(BEGINNINGS).join(', ')}.`);
  return type;
}

/** Throws InvalidInput for a number of bytes that no upload may have. */
export function requireByteCount(bytes: number): number {
  if (bytes >= 1 && bytes <= MAX_UPLOAD_BYTES) return bytes;
  throw new InvalidInput('bytes', `An upload has 1 to ${MAX_UPLOAD_BYTES.toLocaleString('en')} bytes.`);
}

/** Whether a file with this beginning is an image of the type. */
export function beginsLike(type: string, head: Buffer): boolean {
  return BEGINNINGS[type]?.(head) ?? false;
}
