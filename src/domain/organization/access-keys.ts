import { hash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { LRUCache } from 'lru-cache';
import type { Db } from '#db/client.ts';
import type { AccessKeyCaller } from '../viewer.ts';

/** The secret of an access key begins with this, so that it cannot be taken for an access token. */
export const ACCESS_KEY_PREFIX = 'frk_';

const LONGEST_SECRET = 100;
/** As long as a membership: a revoked key is refused after a second at the latest. */
const FRESH_MS = 1_000;
const MAX_KEPT = 10_000;
const USE_WRITTEN_EVERY_MS = 60_000;

/** A secret has 256 random bits, so no salt is needed. */
export const hashOfSecret = (secret: string): Buffer => hash('sha256', secret, 'buffer');

export type AccessKeys = {
  /** The caller with this secret; undefined for a key that is unknown, revoked or expired. Records its use. */
  find(secret: string): Promise<AccessKeyCaller | undefined>;
};

/** Looks access keys up by the hash of their secrets. The use of a key is written at most once a minute. */
export function openAccessKeys({ db }: { db: Db }): AccessKeys {
  const kept = new LRUCache<string, Promise<AccessKeyCaller | undefined>>({ max: MAX_KEPT, ttl: FRESH_MS });
  const written = new LRUCache<string, true>({ max: MAX_KEPT, ttl: USE_WRITTEN_EVERY_MS });

  const read = async (secret: string): Promise<AccessKeyCaller | undefined> => {
    const [row] = await db.execute<{ id: string; organizationId: string; expiresMs: number | null }>(sql`
      select id, organization_id as "organizationId", (extract(epoch from expires_at) * 1000)::float8 as "expiresMs"
      from access_keys
      where secret_hash = ${hashOfSecret(secret)} and revoked_at is null and (expires_at is null or expires_at > now())`);
    if (!row) return undefined;
    const { id, organizationId, expiresMs } = row;
    return { accessKeyId: id, organizationId, expiresAt: expiresMs === null ? undefined : new Date(expiresMs) };
  };
  /** Only for people who look after their keys, so a failure is discarded. */
  const writeUse = ({ accessKeyId }: AccessKeyCaller): void => {
    if (written.has(accessKeyId)) return;
    written.set(accessKeyId, true);
    db.execute(sql`
      update access_keys set last_used_at = now()
      where id = ${accessKeyId} and (last_used_at is null or last_used_at <= now() - interval '1 minute')`).then(
      undefined,
      () => written.delete(accessKeyId),
    );
  };

  return {
    async find(secret) {
      if (!secret.startsWith(ACCESS_KEY_PREFIX) || secret.length > LONGEST_SECRET) return undefined;
      const key = hash('sha256', secret, 'base64');
      let found = kept.get(key);
      if (!found) {
        const reading = read(secret);
        found = reading;
        kept.set(key, reading);
        reading.catch(() => kept.peek(key) === reading && kept.delete(key));
      }
      const caller = await found;
      if (caller) writeUse(caller);
      return caller;
    },
  };
}
