import { timingSafeEqual } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db, Queryable } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { hashOfSecret } from '../../organization/access-keys.ts';
import { PIECE_BYTES, UPLOAD_SECONDS, type UploadPurpose } from './upload-rules.ts';

/** The place to which a client sends the bytes of a file. */
export type UploadPlace = {
  readonly id: string;
  readonly purpose: UploadPurpose;
  readonly contentType: string;
  readonly byteCount: number;
  readonly isExpired: boolean;
};

/** The place with this id and secret; undefined when either is wrong. */
export async function findUploadPlace(
  { db }: { readonly db: Queryable },
  { id, secret }: { readonly id: string; readonly secret: string },
): Promise<UploadPlace | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await db.execute<UploadPlace & { secretHash: Buffer }>(sql`
    select id, purpose, content_type as "contentType", byte_count as "byteCount", secret_hash as "secretHash",
      expires_at <= now() as "isExpired"
    from uploads where id = ${id}`);
  if (!row || !timingSafeEqual(row.secretHash, hashOfSecret(secret))) return undefined;
  const { secretHash: _, ...place } = row;
  return place;
}

/**
 * Keeps the bytes: once it resolves with `stored`, they survive the loss of any process. The same bytes may be sent again;
 * other bytes are refused with `other bytes`. `expired`: the place ended meanwhile.
 */
export function storeUpload(
  { db }: { readonly db: Db },
  { id }: Pick<UploadPlace, 'id'>,
  { pieces, contentHash }: { readonly pieces: Iterable<Buffer>; readonly contentHash: Buffer },
): Promise<'stored' | 'other bytes' | 'expired'> {
  return inTransaction(db, 'storeUpload', async (tx) => {
    const [row] = await tx.execute<{ contentHash: Buffer | null; isExpired: boolean; isUsed: boolean }>(sql`
      select content_hash as "contentHash", expires_at <= now() as "isExpired", used_at is not null as "isUsed"
      from uploads where id = ${id} for update`);
    if (!row || (row.isExpired && !row.isUsed)) return 'expired';
    if (row.contentHash) return row.contentHash.equals(contentHash) ? 'stored' : 'other bytes';
    let position = 0;
    for (const bytes of pieces)
      await tx.execute(
        sql`insert into upload_pieces (upload_id, position, bytes) values (${id}, ${position++}, ${bytes})`,
      );
    await tx.execute(sql`
      update uploads set content_hash = ${contentHash}, expires_at = now() + make_interval(secs => ${UPLOAD_SECONDS})
      where id = ${id}`);
    return 'stored';
  });
}

/** The same bytes in pieces of the size in which they are stored. A list of small parts is never joined as a whole. */
export function* inPieces(parts: readonly Buffer[]): Generator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for (const part of parts) {
    for (let from = 0; from < part.byteLength; ) {
      const some = part.subarray(from, from + PIECE_BYTES - bytes);
      waiting.push(some);
      from += some.byteLength;
      bytes += some.byteLength;
      if (bytes < PIECE_BYTES) continue;
      yield Buffer.concat(waiting);
      [waiting, bytes] = [[], 0];
    }
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}

/** The bytes of an upload that has them, in memory of their own. Piece by piece, so that the process does other work between. */
export async function readUploadBytes(
  { db }: { readonly db: Queryable },
  { id, byteCount }: Pick<UploadPlace, 'id' | 'byteCount'>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = new Uint8Array(byteCount);
  let at = 0;
  for (let position = 0; at < byteCount; position++) {
    const [row] = await db.execute<{ bytes: Buffer }>(
      sql`select bytes from upload_pieces where upload_id = ${id} and position = ${position}`,
    );
    if (!row) return undefined;
    bytes.set(row.bytes, at);
    at += row.bytes.byteLength;
  }
  return bytes;
}
