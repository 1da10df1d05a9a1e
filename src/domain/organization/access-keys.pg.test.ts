import { sql } from 'drizzle-orm';
import { afterAll, describe, expect, test } from 'vitest';
import { openOrganizationWorld, outcomeAfterRetries } from '#test/support/organizations/organization-world.ts';
import { openAccessKeys } from './access-keys.ts';
import { createAccessKey, listAccessKeys, revokeAccessKey } from './change-access-keys.ts';
import { removeMember } from './change-member.ts';
import { NotAllowed } from './errors.ts';
import { organizationRoles } from './rights-rules.ts';

const world = await openOrganizationWorld({ connections: 8 });
const { db, needs, organizationWith } = world;
afterAll(() => world.close());

describe('access keys', () => {
  test('are found by their secrets until they end; only the hash is kept, and the use is written once a minute', async () => {
    const { organizationId, owner } = await organizationWith(1);
    const make = (expiresAt?: Date) =>
      createAccessKey(needs, { userId: owner }, { organizationId, name: 'key', role: 'MANAGER', expiresAt });
    const { accessKey, secret } = await make();
    expect(secret).toMatch(/^frk_[\w-]{43}$/);
    const keys = openAccessKeys({ db });
    expect(await keys.find(secret)).toEqual({ accessKeyId: accessKey.id, organizationId, expiresAt: undefined });
    for (const wrong of ['', 'frk_', `${secret}x`, secret.slice(4), `frk_${'a'.repeat(5_000)}`])
      expect(await keys.find(wrong)).toBeUndefined();
    expect(JSON.stringify(await db.execute(sql`select * from access_keys`))).not.toContain(secret.slice(4));

    const used = async () =>
      (await listAccessKeys(needs, organizationId)).find(({ id }) => id === accessKey.id)?.lastUsedAt;
    await expect.poll(used).toBeInstanceOf(Date);
    const first = await used();
    // Another process, which does not know of the first use.
    await openAccessKeys({ db }).find(secret);
    await openAccessKeys({ db }).find(secret);
    await db.execute(sql`select 1`);
    expect(await used()).toEqual(first);
    await db.execute(
      sql`update access_keys set last_used_at = now() - interval '61 seconds' where id = ${accessKey.id}`,
    );
    await openAccessKeys({ db }).find(secret);
    await expect.poll(async () => (await used())?.getTime()).toBeGreaterThan(Date.now() - 30_000);

    await revokeAccessKey(needs, { userId: owner }, { accessKeyId: accessKey.id });
    expect(await openAccessKeys({ db }).find(secret)).toBeUndefined();
    await expect.poll(() => keys.find(secret)).toBeUndefined();
    await expect(make(new Date(Date.now() - 1))).rejects.toMatchObject({ field: 'expiresAt' });
    const short = await make(new Date(Date.now() + 500));
    expect(await keys.find(short.secret)).toMatchObject({ accessKeyId: short.accessKey.id });
    await expect.poll(() => openAccessKeys({ db }).find(short.secret)).toBeUndefined();
  });

  test('a key of any role neither changes members nor makes keys, and 50 keys are the most', async () => {
    const { organizationId, owner } = await organizationWith(1);
    for (const role of organizationRoles) {
      const key = { organizationId, name: role, role, expiresAt: undefined };
      const { accessKey } = await createAccessKey(needs, { userId: owner }, key);
      const actor = { accessKeyId: accessKey.id };
      await expect(createAccessKey(needs, actor, key)).rejects.toBeInstanceOf(NotAllowed);
      await expect(removeMember(needs, actor, { organizationId, userId: owner })).rejects.toBeInstanceOf(NotAllowed);
    }
    const more = { organizationId, name: 'more', role: 'READER', expiresAt: undefined } as const;
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => outcomeAfterRetries(() => createAccessKey(needs, { userId: owner }, more))),
    );
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(50 - organizationRoles.length);
    const keys = await listAccessKeys(needs, organizationId);
    expect(keys).toHaveLength(50);
    const [key] = keys;
    const stranger = await organizationWith(1);
    await expect(revokeAccessKey(needs, { userId: stranger.owner }, { accessKeyId: key?.id ?? '' })).rejects.toThrow(
      'There is no such access key.',
    );
  });
});
