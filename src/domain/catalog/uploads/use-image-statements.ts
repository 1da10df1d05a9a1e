import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { isUuid } from '#shared/uuid.ts';
import { InvalidInput } from '../../errors.ts';

/**
 * Takes the image of an upload into use, in the transaction of the event that shows it, and returns the id of the image: from
 * the commit on, `imagePath(id)` is public. An image may be used again by the same organization.
 *
 * @throws InvalidInput with `field` for an upload that is unknown, of another organization, for another purpose, expired,
 * or without its bytes
 */
export async function imageOfUpload(
  tx: Tx,
  { uploadId, organizationId, field = 'imageUploadId' }: { uploadId: string; organizationId: string; field?: string },
): Promise<string> {
  const [upload] = isUuid(uploadId)
    ? await tx.execute<{ hasBytes: boolean }>(sql`
        select content_hash is not null as "hasBytes" from uploads
        where id = ${uploadId} and organization_id = ${organizationId} and purpose = 'EVENT_IMAGE'
          and (used_at is not null or expires_at > now())
        for update`)
    : [];
  if (!upload) throw new InvalidInput(field, 'There is no such upload of an image, or it has expired.');
  if (!upload.hasBytes) throw new InvalidInput(field, 'The bytes of the image were not sent yet.');
  await tx.execute(sql`update uploads set used_at = now() where id = ${uploadId} and used_at is null`);
  return uploadId;
}

/** The address of an image that an event uses, relative to this server. */
export const imagePath = (imageId: string): string => `/images/${imageId}`;
