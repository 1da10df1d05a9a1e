import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db, Queryable, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Actor } from '../viewer.ts';
import { ACCESS_KEY_PREFIX, hashOfSecret } from './access-keys.ts';
import { appendAudit } from './audit-statements.ts';
import { NotAllowed } from './errors.ts';
import { MOST_ACCESS_KEYS, requireName } from './organization-rules.ts';
import { enterOrganization } from './organization-statements.ts';
import type { Rights } from './rights.ts';
import type { OrganizationRole } from './rights-rules.ts';

export const createAccessKeyRefusals = [InvalidInput, NotFound, NotAllowed, RateLimited, TryAgain] as const;
export const revokeAccessKeyRefusals = [NotFound, NotAllowed, RateLimited, TryAgain] as const;

export type AccessKey = {
  readonly id: string;
  readonly name: string;
  readonly role: OrganizationRole;
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  readonly lastUsedAt: Date | undefined;
};

type NewKey = {
  readonly organizationId: string;
  readonly name: string;
  readonly role: OrganizationRole;
  /** Undefined: the key does not expire. */
  readonly expiresAt: Date | undefined;
};

/** Makes a key for servers. The secret is returned once; only its hash is kept. */
export async function createAccessKey(
  { db }: { db: Db },
  actor: Actor,
  request: NewKey,
): Promise<{ accessKey: AccessKey; secret: string }> {
  const { organizationId, role, expiresAt } = request;
  if (!isUuid(organizationId)) throw new NotFound('organization');
  const secret = ACCESS_KEY_PREFIX + randomBytes(32).toString('base64url');
  return orTryAgain(
    inTransaction(db, 'createAccessKey', async (tx) => {
      const admittedAs = await enterOrganization(tx, actor, { operation: 'Mutation.createAccessKey', organizationId });
      if (!('userId' in actor)) throw new NotAllowed();
      const name = requireName(request.name);
      if (expiresAt && expiresAt.getTime() <= Date.now())
        throw new InvalidInput('expiresAt', 'This time is over. Give a time to come, or none.');
      await refuseTooManyKeys(tx, organizationId);
      const id = randomUUIDv7();
      await tx.execute(sql`
        insert into access_keys (id, organization_id, name, role, secret_hash, created_by, expires_at)
        values (${id}, ${organizationId}, ${name}, ${role}, ${hashOfSecret(secret)}, ${actor.userId},
          ${expiresAt?.toISOString() ?? null})`);
      const subject = { type: 'AccessKey', id };
      const change = { organizationId, operation: 'createAccessKey', subject, after: { name, role, expiresAt } };
      await appendAudit(tx, { actor, role: admittedAs }, change);
      return { accessKey: await requireKey(tx, id), secret };
    }),
  );
}

async function refuseTooManyKeys(tx: Tx, organizationId: string): Promise<void> {
  const [row] = await tx.execute<{ count: number }>(sql`
    select count(*)::int as count from access_keys where organization_id = ${organizationId} and revoked_at is null`);
  if (row && row.count >= MOST_ACCESS_KEYS)
    throw new NotAllowed(`An organization may have at most ${MOST_ACCESS_KEYS} access keys. Revoke one first.`);
}

/** Ends a key, effective at once in every process, also for open subscriptions. A second call changes nothing. */
export async function revokeAccessKey(
  { db, rights }: { db: Db; rights: Pick<Rights, 'changed'> },
  actor: Actor,
  { accessKeyId }: { accessKeyId: string },
): Promise<AccessKey> {
  if (!isUuid(accessKeyId)) throw new NotFound('access key');
  const { organizationId, accessKey } = await orTryAgain(
    inTransaction(db, 'revokeAccessKey', async (tx) => {
      const [key] = await tx.execute<{ organizationId: string }>(sql`
        select organization_id as "organizationId" from access_keys where id = ${accessKeyId}`);
      if (!key) throw new NotFound('access key');
      const admittedAs = await enter(tx, actor, key.organizationId);
      const revoked = await tx.execute<{ name: string; role: OrganizationRole }>(sql`
        update access_keys set revoked_at = now() where id = ${accessKeyId} and revoked_at is null returning name, role`);
      const [before] = revoked;
      const subject = { type: 'AccessKey', id: accessKeyId };
      const change = { organizationId: key.organizationId, operation: 'revokeAccessKey', subject, before };
      if (before) await appendAudit(tx, { actor, role: admittedAs }, change);
      return { organizationId: key.organizationId, accessKey: await requireKey(tx, accessKeyId) };
    }),
  );
  await rights.changed(organizationId);
  return accessKey;
}

/** For a caller outside the organization the key does not exist, as an unknown one. */
async function enter(tx: Tx, actor: Actor, organizationId: string) {
  try {
    return await enterOrganization(tx, actor, { operation: 'Mutation.revokeAccessKey', organizationId });
  } catch (error) {
    throw error instanceof NotFound ? new NotFound('access key') : error;
  }
}

/** The keys of an organization that are not revoked, the newest first. */
export async function listAccessKeys({ db }: { db: Db }, organizationId: string): Promise<AccessKey[]> {
  const rows = await db.execute<KeyRow>(sql`
    ${keyColumns} where organization_id = ${organizationId} and revoked_at is null order by id desc`);
  return rows.map(toKey);
}

/** The key with this raw id, and its organization; undefined for one that is unknown or revoked. */
export async function findAccessKey(
  { db }: { db: Db },
  id: string,
): Promise<{ accessKey: AccessKey; organizationId: string } | undefined> {
  const [row] = await db.execute<KeyRow>(sql`
    ${keyColumns} where id = ${id} and revoked_at is null`);
  return row && { accessKey: toKey(row), organizationId: row.organizationId };
}

async function requireKey(db: Queryable, id: string): Promise<AccessKey> {
  const [row] = await db.execute<KeyRow>(sql`${keyColumns} where id = ${id}`);
  if (!row) throw new NotFound('access key');
  return toKey(row);
}

type KeyRow = Pick<AccessKey, 'id' | 'name' | 'role'> & {
  organizationId: string;
  createdMs: number;
  expiresMs: number | null;
  usedMs: number | null;
};

const keyColumns = sql`
  select id, organization_id as "organizationId", name, role, (extract(epoch from created_at) * 1000)::float8 as "createdMs",
    (extract(epoch from expires_at) * 1000)::float8 as "expiresMs",
    (extract(epoch from last_used_at) * 1000)::float8 as "usedMs"
  from access_keys`;

const toKey = ({ organizationId: _, createdMs, expiresMs, usedMs, ...key }: KeyRow): AccessKey => ({
  ...key,
  createdAt: new Date(createdMs),
  expiresAt: expiresMs === null ? undefined : new Date(expiresMs),
  lastUsedAt: usedMs === null ? undefined : new Date(usedMs),
});
