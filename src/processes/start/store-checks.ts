import { request } from 'undici';
import type { EventLog } from '#events/log/log.ts';
import { type RedisPlace, tryRedis } from '#redis/client.ts';
import { settings } from '../observed/store-checks.ts';
import type { StoreCheck } from './check-stores.ts';

const IS_A_CLUSTER =
  'this server is a node of a Redis Cluster, which Frontrow does not support: it trusts its seat locks only for the life of one server (docs/decisions/0022-no-redis-cluster.md). Use one server, or one with replicas and sentinels (REDIS_SENTINELS).';
const HEALTH_MS = 3_000;

export function redisCheck(place: RedisPlace): StoreCheck {
  return {
    settings: settings.redis,
    check: async () => (/^cluster_enabled:1/m.test(await tryRedis(place)) ? IS_A_CLUSTER : undefined),
  };
}

/** Checks each node of the search engine. */
export function searchCheck(search: { readonly url: string } | undefined): StoreCheck[] {
  const urls = search?.url.split(',') ?? [];
  return urls.map((url) => ({
    settings: settings.search,
    async check() {
      const { body } = await request(new URL('/health', url.trim()), { signal: AbortSignal.timeout(HEALTH_MS) });
      await body.dump();
      return undefined;
    },
  }));
}

/** Checks the brokers of a log on Kafka. A log in the booking database is checked with that database. */
export function brokerCheck(eventLog: EventLog): StoreCheck[] {
  return [
    {
      settings: settings.kafka,
      async check() {
        await eventLog.check?.();
        return undefined;
      },
    },
  ];
}
