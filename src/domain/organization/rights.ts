import { LRUCache } from 'lru-cache';
import type { Db } from '#db/client.ts';
import { RIGHTS_CHANNEL } from '#redis/channels.ts';
import type { PubSub } from '#redis/pubsub.ts';
import type { Actor } from '../viewer.ts';
import { RightWatch } from './right-watch.ts';
import { decideRight, type OrganizationRole, type Standing } from './rights-rules.ts';
import { type Asked, actorIdOf, readStandings, requireStanding } from './standing-queries.ts';

/** How long a membership may be kept in memory when the message of its change is lost. */
const FRESH_MS = 1_000;
const MAX_KEPT = 10_000;

/** The check of every organizer's operation, and what ends open subscriptions. */
export type Rights = {
  /**
   * Returns the role that admits the actor. Throws NotAllowed for a member whose role is too small, and NotFound for all
   * others; `what` is the object that they then do not find, by default the organization.
   */
  requireRight(asked: Asked, what?: string): Promise<OrganizationRole | 'ADMIN'>;
  /**
   * The events, until the actor may no longer have them: then the subscription fails with NotAllowed, at the latest a
   * second after the change, in every process.
   */
  whileAllowed<T>(asked: Asked, events: AsyncIterableIterator<T>): AsyncIterableIterator<T>;
  /** Call it after a commit that changed members or access keys of the organization. It never rejects. */
  changed(organizationId: string): Promise<void>;
  close(): void;
};

/**
 * Memberships are read from PostgreSQL and kept for a second at most; a token says nothing about them. Redis announces
 * changes, so that they take effect at once in every process. While subscriptions are open, one query a second reads
 * the memberships of all of them, in case a message was lost.
 */
export function openRights({ db, pubsub }: { db: Db; pubsub: PubSub }): Rights {
  const kept = new LRUCache<string, Promise<Standing>>({ max: MAX_KEPT, ttl: FRESH_MS });
  const watches = new Set<RightWatch<unknown>>();

  const standingOf = (of: Asked): Promise<Standing> => {
    const key = keyOf(of.organizationId, of.actor);
    const known = kept.get(key);
    if (known) return known;
    const read = readStandings(db, [of]).then(([standing]) => standing ?? STRANGER);
    kept.set(key, read);
    read.catch(() => kept.peek(key) === read && kept.delete(key));
    return read;
  };
  const forget = (organizationId: string): void => {
    for (const key of kept.keys()) if (key.startsWith(organizationId)) kept.delete(key);
  };
  /** Without PostgreSQL the watches stay, and their sources have nothing to send. */
  const check = async (some: readonly RightWatch<unknown>[]): Promise<void> => {
    if (some.length === 0) return;
    const standings = await readStandings(
      db,
      some.map(({ asked }) => asked),
    ).catch(() => []);
    for (const [index, standing] of standings.entries()) {
      const watch = some[index];
      if (watch && 'refusal' in decideRight(watch.asked.operation, standing)) watch.end();
    }
  };
  const apply = (organizationId: string): void => {
    forget(organizationId);
    void check([...watches].filter(({ asked }) => asked.organizationId === organizationId));
  };

  void pubsub.subscribe(RIGHTS_CHANNEL, apply).catch(() => undefined);
  const timer = setInterval(() => void check([...watches]), FRESH_MS).unref();
  return {
    async requireRight(asked, what = 'organization') {
      return requireStanding(await standingOf(asked), asked.operation, what);
    },
    whileAllowed(asked, events) {
      const watch = new RightWatch(asked, events, () => watches.delete(watch));
      watches.add(watch);
      return watch;
    },
    async changed(organizationId) {
      apply(organizationId);
      await pubsub.publish(RIGHTS_CHANNEL, organizationId).catch(() => undefined);
    },
    close: () => clearInterval(timer),
  };
}

const STRANGER: Standing = { role: undefined, isAdmin: false, isAccessKey: false };

const keyOf = (organizationId: string, actor: Actor): string =>
  `${organizationId} ${'userId' in actor ? 'user' : 'key'} ${actorIdOf(actor)}`;
