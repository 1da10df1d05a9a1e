import { openRights, type Rights } from '#domain/organization/rights.ts';
import { openPubSub, type PubSub } from '#redis/pubsub.ts';
import { type Box, openBox } from '#test/support/databases/box.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';

/** Processes that book, and the rights of organizers at the same database. */
export type OrganizerBox = {
  readonly box: Box;
  readonly rights: Rights;
  readonly pubsub: PubSub;
  close(): Promise<void>;
};

export async function openOrganizerBox(name: string): Promise<OrganizerBox> {
  const box = await openBox();
  const pubsub = openPubSub({ url: await testRedisUrl(), name });
  const rights = openRights({ db: box.reader, pubsub });
  return {
    box,
    rights,
    pubsub,
    async close() {
      rights.close();
      await pubsub.close();
      await box.close();
    },
  };
}
