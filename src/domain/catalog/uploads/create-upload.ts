import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { InvalidInput, NotFound, RateLimited, TryAgain } from '../../errors.ts';
import { orTryAgain } from '../../or-try-again.ts';
import { hashOfSecret } from '../../organization/access-keys.ts';
import { appendAudit } from '../../organization/audit-statements.ts';
import { NotAllowed } from '../../organization/errors.ts';
import type { Rights } from '../../organization/rights.ts';
import type { Actor } from '../../viewer.ts';
import {
  MOST_UNUSED_UPLOADS,
  requireByteCount,
  requireContentType,
  UPLOAD_SECONDS,
  type UploadPurpose,
} from './upload-rules.ts';

export const createUploadRefusals = [InvalidInput, NotFound, NotAllowed, RateLimited, TryAgain] as const;

/** A place for the bytes of a file. `secret` is in the address of the place; it is not kept, so only its maker has it. */
export type Upload = { readonly id: string; readonly secret?: string; readonly expiresAt: Date };

export type UploadRequest = {
  readonly organizationId: string;
  readonly purpose: UploadPurpose;
  readonly contentType: string;
  /** The number of bytes of the file. */
  readonly bytes: number;
};

/** Makes a place for a file of an organization. Throws one of `createUploadRefusals`. */
export async function createUpload(
  { db, rights }: { readonly db: Db; readonly rights: Pick<Rights, 'requireRight'> },
  actor: Actor,
  request: UploadRequest,
): Promise<Upload> {
  const { organizationId, purpose } = request;
  if (!isUuid(organizationId)) throw new NotFound('organization');
  const role = await orTryAgain(rights.requireRight({ actor, operation: 'Mutation.createUpload', organizationId }));
  const contentType = requireContentType(purpose, request.contentType);
  const bytes = requireByteCount(request.bytes);
  const [id, secret] = [randomUUIDv7(), randomBytes(32).toString('base64url')];
  const expiresMs = await orTryAgain(
    inTransaction(db, 'createUpload', async (tx) => {
      await refuseTooMany(tx, organizationId);
      const [row] = await tx.execute<{ expiresMs: number }>(sql`
        insert into uploads (id, organization_id, purpose, content_type, byte_count, secret_hash, expires_at)
        values (${id}, ${organizationId}, ${purpose}, ${contentType}, ${bytes}, ${hashOfSecret(secret)},
          now() + make_interval(secs => ${UPLOAD_SECONDS}))
        returning (extract(epoch from expires_at) * 1000)::float8 as "expiresMs"`);
      const subject = { type: 'Upload', id };
      const after = { purpose, contentType, bytes };
      await appendAudit(tx, { actor, role }, { organizationId, operation: 'createUpload', subject, after });
      return row?.expiresMs ?? 0;
    }),
  );
  return { id, secret, expiresAt: new Date(expiresMs) };
}

/** The upload with this raw id (a UUID) and its organization. Undefined for an unknown one. */
export async function findUpload(
  { db }: { readonly db: Db },
  id: string,
): Promise<{ readonly upload: Upload; readonly organizationId: string } | undefined> {
  const [row] = await db.execute<{ organizationId: string; expiresMs: number }>(sql`
    select organization_id as "organizationId", (extract(epoch from expires_at) * 1000)::float8 as "expiresMs"
    from uploads where id = ${id}`);
  return row && { upload: { id, expiresAt: new Date(row.expiresMs) }, organizationId: row.organizationId };
}

/** Behind the organization's lock, so that simultaneous requests are counted as well. */
async function refuseTooMany(tx: Tx, organizationId: string): Promise<void> {
  await tx.execute(sql`select 1 from organizations where id = ${organizationId} for no key update`);
  const [unused] = await tx.execute<{ count: number; seconds: number }>(sql`
    select count(*)::int as count, ceil(extract(epoch from min(expires_at) - now()))::int as seconds from uploads
    where organization_id = ${organizationId} and used_at is null and expires_at > now()`);
  if (unused && unused.count >= MOST_UNUSED_UPLOADS)
    throw new RateLimited(
      Math.max(1, unused.seconds),
      `The organization has ${MOST_UNUSED_UPLOADS} unused uploads. Use one, or wait until one has expired.`,
    );
}
