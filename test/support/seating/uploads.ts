import { createHash, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { inPieces, storeUpload } from '#domain/catalog/uploads/receive-upload.ts';

type SeedUpload = {
  readonly organizationId: string;
  readonly bytes: Uint8Array | string;
  readonly purpose?: 'SEATING_PLAN' | 'EVENT_IMAGE';
  readonly contentType?: string;
};

/** An upload whose bytes have arrived. Returns its raw id. */
export async function seedUpload(db: Db, { organizationId, bytes, ...more }: SeedUpload): Promise<string> {
  const [id, content] = [randomUUIDv7(), Buffer.from(bytes)];
  await db.execute(sql`
    insert into uploads (id, organization_id, purpose, content_type, byte_count, secret_hash, expires_at)
    values (${id}, ${organizationId}, ${more.purpose ?? 'SEATING_PLAN'}, ${more.contentType ?? 'text/csv'},
      ${content.byteLength}, '\\x00', now() + interval '1 hour')`);
  const contentHash = createHash('sha256').update(content).digest();
  await storeUpload({ db }, { id }, { pieces: inPieces([content]), contentHash });
  return id;
}
