import { createHash } from 'node:crypto';
import { findUploadPlace, inPieces, storeUpload, type UploadPlace } from '#domain/catalog/uploads/receive-upload.ts';
import { beginsLike, MAX_UPLOAD_BYTES, mediaTypeOf } from '#domain/catalog/uploads/upload-rules.ts';
import { RateLimited } from '#domain/errors.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { isOutage } from '#domain/outages.ts';
import type { Limits } from '#graphql/budget.ts';
import { answerJson, answerProblem } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { discardRest, readBytes } from './read-bytes.ts';

/** The bytes that clients may be sending to this process at a time, together. */
const MAX_BYTES_AT_ONCE = 4 * MAX_UPLOAD_BYTES;
/** The largest upload needs 280 kB/s. */
const WITHIN_MS = 120_000;
const PATH = /^\/uploads\/([0-9a-f-]{36})\/([\w-]{43})$/;

export const isUploadPath = (path: string): boolean => path.startsWith('/uploads/');

export type Uploads = { answer(exchange: Exchange): Promise<void> };

type Needs = Parameters<typeof storeUpload>[0] & { readonly limits: Limits };
type Problem = { readonly status: number; readonly code: string; readonly message: string; readonly retry?: number };

const problem = (status: number, code: string, message: string): Problem => ({ status, code, message });
const notFound = problem(404, 'UPLOAD_NOT_FOUND', 'There is no such upload. Make one with createUpload.');
const expired = problem(410, 'UPLOAD_EXPIRED', 'The upload has expired. Make a new one with createUpload.');
const otherBytes = problem(409, 'UPLOAD_HAS_BYTES', 'Other bytes were sent to this upload. Make a new one.');
const tooSlow = problem(408, 'UPLOAD_TOO_SLOW', 'The bytes did not arrive within 120 seconds. Send them again.');
const busy: Problem = {
  ...problem(503, 'TEMPORARILY_UNAVAILABLE', 'Too many uploads arrive at the moment. Send it again soon.'),
  retry: 2,
};

/**
 * `PUT /uploads/<id>/<secret>`: takes the bytes that `createUpload` announced. The bytes of an upload are in memory until all
 * of them are stored together, so all uploads that arrive at a time have a limit.
 */
export function openUploads(needs: Needs): Uploads {
  let arriving = 0;
  const receive = async (place: UploadPlace, exchange: Exchange): Promise<Problem | undefined> => {
    if (arriving + place.byteCount > MAX_BYTES_AT_ONCE) return busy;
    arriving += place.byteCount;
    try {
      return await receiveBytes(needs, place, exchange);
    } finally {
      arriving -= place.byteCount;
    }
  };
  const answer = async (exchange: Exchange): Promise<void> => {
    const { request, response } = exchange;
    const headers = { ...exchange.headers, 'access-control-allow-methods': 'PUT, OPTIONS' };
    if (request.method === 'OPTIONS') return void response.writeHead(204, headers).end();
    const found = await findPlace(needs, exchange);
    if ('status' in found) return refuse(exchange, found, headers);
    const refusal = await receive(found, exchange);
    if (refusal) return refuse(exchange, refusal, headers);
    answerJson(response, 200, { upload: { id: encodeGlobalId('Upload', found.id) } }, headers);
  };
  // The listener does not end a slow body of an upload, so this always does.
  return { answer: (exchange) => answer(exchange).finally(() => discardRest(exchange.request)) };
}

function refuse({ response, requestId }: Exchange, refused: Problem, headers: Record<string, string>): void {
  const { status, code, message, retry } = refused;
  const more = { ...(status === 405 && { allow: 'PUT, OPTIONS' }), ...(retry && { 'retry-after': retry }) };
  answerProblem(response, status, { code, message, requestId }, { ...headers, ...more });
}

/** The place that the request names, if the request can have its bytes. */
async function findPlace(needs: Needs, exchange: Exchange): Promise<UploadPlace | Problem> {
  const { request, url, address } = exchange;
  if (request.method !== 'PUT') return problem(405, 'BAD_REQUEST', 'Send the bytes of an upload with PUT.');
  try {
    await needs.limits.spend('request', { userId: undefined, address });
    const [, id, secret] = PATH.exec(url.pathname) ?? [];
    const place = id && secret ? await findUploadPlace(needs, { id, secret }) : undefined;
    if (!place) return notFound;
    return place.isExpired ? expired : (problemOfHeaders(place, exchange) ?? place);
  } catch (error) {
    return problemOfFailure(error);
  }
}

function problemOfHeaders({ contentType, byteCount }: UploadPlace, { request }: Exchange): Problem | undefined {
  const { 'content-type': type, 'content-length': length, 'content-encoding': encoding } = request.headers;
  if (mediaTypeOf(type ?? '') !== contentType)
    return problem(415, 'UPLOAD_WRONG_TYPE', `The upload was announced as ${contentType}.`);
  if (encoding !== undefined && encoding !== 'identity')
    return problem(415, 'UPLOAD_WRONG_TYPE', 'Send the bytes without a content encoding.');
  return length === undefined || Number(length) === byteCount ? undefined : wrongLength(byteCount);
}

const wrongLength = (byteCount: number): Problem =>
  problem(400, 'UPLOAD_WRONG_LENGTH', `The upload was announced with ${byteCount} bytes.`);

async function receiveBytes(needs: Needs, place: UploadPlace, { request }: Exchange): Promise<Problem | undefined> {
  const read = await readBytes(request, { maxBytes: place.byteCount, withinMs: WITHIN_MS });
  if (read === 'too slow') return tooSlow;
  if (read === 'too large' || read.bytes !== place.byteCount) return wrongLength(place.byteCount);
  const hash = createHash('sha256');
  for (const part of read.parts) hash.update(part);
  if (place.purpose === 'EVENT_IMAGE' && !beginsLike(place.contentType, headOf(read.parts)))
    return problem(422, 'UPLOAD_NOT_AN_IMAGE', `The bytes are not those of ${place.contentType}.`);
  try {
    const stored = await storeUpload(needs, place, { pieces: inPieces(read.parts), contentHash: hash.digest() });
    if (stored === 'expired') return expired;
    return stored === 'other bytes' ? otherBytes : undefined;
  } catch (error) {
    return problemOfFailure(error);
  }
}

function headOf(parts: readonly Buffer[]): Buffer {
  let bytes = 0;
  const first = parts.filter((part) => {
    const isNeeded = bytes < 16;
    bytes += part.byteLength;
    return isNeeded;
  });
  return Buffer.concat(first.map((part) => part.subarray(0, 16)));
}

function problemOfFailure(error: unknown): Problem {
  if (error instanceof RateLimited) {
    const retry = 'afterSeconds' in error.retry ? error.retry.afterSeconds : 1;
    return { ...problem(429, 'RATE_LIMITED', error.message), retry: retry ?? 1 };
  }
  if (isOutage(error)) return { ...busy, message: 'The service is not available at the moment. Send it again soon.' };
  throw error;
}
