import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { isUuid } from '#shared/uuid.ts';
import { boundedCache } from '../bounded-cache.ts';
import { readUploadBytes } from './receive-upload.ts';

export type Image = { readonly contentType: string; readonly bytes: Uint8Array };

/** The images that events show. */
export type ImageCache = {
  /** Undefined for an unknown image, and for one that no event has used. */
  get(imageId: string): Promise<Image | undefined>;
};

const MAX_BYTES = 64 * 1024 * 1024;

/** Images of this process, read from PostgreSQL once. An image never changes, so the cache is never stale. */
export function openImageCache({ db }: { db: Pick<Db, 'execute'> }): ImageCache {
  const images = boundedCache<Image>({
    maxBytes: MAX_BYTES,
    bytesOf: ({ bytes }) => bytes.byteLength,
    async load(id) {
      const [row] = await db.execute<{ contentType: string; byteCount: number }>(sql`
        select content_type as "contentType", byte_count as "byteCount" from uploads
        where id = ${id} and purpose = 'EVENT_IMAGE' and used_at is not null`);
      const bytes = row && (await readUploadBytes({ db: db as Db }, { id, byteCount: row.byteCount }));
      return row && bytes && { contentType: row.contentType, bytes };
    },
  });
  return { get: async (imageId) => (isUuid(imageId) ? images(imageId) : undefined) };
}
