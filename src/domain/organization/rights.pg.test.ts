import { sql } from 'drizzle-orm';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openPubSub } from '#redis/pubsub.ts';
import { seedMember } from '#test/support/databases/catalog.ts';
import { openOrganizationWorld } from '#test/support/organizations/organization-world.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { NotFound } from '../errors.ts';
import { NotAllowed } from './errors.ts';
import { openRights } from './rights.ts';

const world = await openOrganizationWorld();
const { db, organizationWith, user } = world;
const url = await testRedisUrl();
/** Two processes. */
const pubsubs = [1, 2].map((n) => openPubSub({ url, name: `rights-test-${n}` }));
const [here, there] = pubsubs.map((pubsub) => openRights({ db, pubsub }));
if (!here || !there) throw new Error('There are two.');
afterAll(async () => {
  for (const rights of [here, there]) rights.close();
  for (const pubsub of pubsubs) await pubsub.close();
  await world.close();
});

const operation = 'Mutation.pauseWaitingRoom';
async function manager() {
  const { organizationId, owner } = await organizationWith(1);
  const userId = await user();
  await seedMember(db, { organizationId, userId, role: 'MANAGER' });
  return { organizationId, owner, userId, asked: { actor: { userId }, operation, organizationId } as const };
}
const remove = (userId: string) => db.execute(sql`delete from organization_members where user_id = ${userId}`);
/** Never ends by itself, as the events of a quiet subscription. */
function quietEvents() {
  const stopped = vi.fn();
  const events: AsyncIterableIterator<string> = {
    next: () => new Promise(() => undefined),
    return: async () => {
      stopped();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => events,
  };
  return { events, stopped };
}

describe('a membership', () => {
  test('admits, refuses a role that is too small, and does not exist for all others', async () => {
    const { asked, organizationId, userId } = await manager();
    expect(await here.requireRight(asked)).toBe('MANAGER');
    await expect(here.requireRight({ ...asked, operation: 'Mutation.inviteMember' })).rejects.toBeInstanceOf(
      NotAllowed,
    );
    const stranger = { ...asked, actor: { userId: await user() } };
    await expect(here.requireRight(stranger, 'event')).rejects.toThrow('There is no such event.');
    const elsewhere = { ...asked, organizationId: (await organizationWith(1)).organizationId };
    await expect(here.requireRight(elsewhere)).rejects.toBeInstanceOf(NotFound);
    await expect(here.requireRight({ ...asked, actor: { accessKeyId: userId } })).rejects.toBeInstanceOf(NotFound);
    expect(await here.requireRight({ ...asked, organizationId })).toBe('MANAGER');
  });

  test('that ended is refused at once where it was changed, and elsewhere with the announcement or after a second', async () => {
    const { asked, organizationId, userId } = await manager();
    for (const rights of [here, there]) expect(await rights.requireRight(asked)).toBe('MANAGER');
    await remove(userId);
    await here.changed(organizationId);
    await expect(here.requireRight(asked)).rejects.toBeInstanceOf(NotFound);
    await vi.waitFor(() => expect(there.requireRight(asked)).rejects.toBeInstanceOf(NotFound));

    const other = await manager();
    expect(await there.requireRight(other.asked)).toBe('MANAGER');
    await remove(other.userId);
    await expect
      .poll(() =>
        there.requireRight(other.asked).then(
          () => 'admitted',
          () => 'refused',
        ),
      )
      .toBe('refused');
  });
});

describe('a subscription', () => {
  test('fails with NotAllowed and stops its source when the right ends, announced or not', async () => {
    for (const announce of [true, false]) {
      const { asked, organizationId, userId } = await manager();
      const { events, stopped } = quietEvents();
      const watched = there.whileAllowed(asked, events);
      const waiting = watched.next();
      waiting.catch(() => undefined);
      await remove(userId);
      if (announce) await here.changed(organizationId);
      await expect(waiting).rejects.toBeInstanceOf(NotAllowed);
      await expect(watched.next()).rejects.toBeInstanceOf(NotAllowed);
      expect(stopped).toHaveBeenCalledOnce();
    }
  });

  test('stays open while another member leaves, and after a change that keeps the right', async () => {
    const { asked, organizationId, owner, userId } = await manager();
    const leaving = await user();
    await seedMember(db, { organizationId, userId: leaving, role: 'MANAGER' });
    const { events, stopped } = quietEvents();
    const watched = here.whileAllowed(asked, events);
    const ended = here.whileAllowed({ ...asked, actor: { userId: leaving } }, quietEvents().events).next();
    await remove(leaving);
    await seedMember(db, { organizationId, userId, role: 'OWNER' });
    await here.changed(organizationId);
    await expect(ended).rejects.toBeInstanceOf(NotAllowed);
    expect(stopped).not.toHaveBeenCalled();
    expect(await here.requireRight({ ...asked, actor: { userId: owner } })).toBe('OWNER');
    expect(await watched.return?.()).toEqual({ done: true, value: undefined });
    expect(await watched.next()).toEqual({ done: true, value: undefined });
    expect(stopped).toHaveBeenCalledOnce();
  });

  test('passes on the events of its source, and its end', async () => {
    const { asked } = await manager();
    async function* events() {
      yield 1;
      yield 2;
    }
    const seen: number[] = [];
    for await (const event of here.whileAllowed(asked, events())) seen.push(event);
    expect(seen).toEqual([1, 2]);
  });
});
