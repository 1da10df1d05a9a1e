import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { readOverdueHolds } from '#domain/booking/overdue-holds-queries.ts';
import { readSeatLockMode } from '#domain/inventory/seat-lock-mode.ts';
import type { OverloadControl } from '#graphql/overload/overload-control.ts';
import type { SocketStats } from '#http/websocket/attach-websocket.ts';
import { overdueSampler } from '#observability/backlog-metrics.ts';
import { type Dependencies, Impaired, watchDependencies } from '#observability/dependencies.ts';
import { type RedisMode, redisModeSampler, writerSampler } from '#observability/inventory-metrics.ts';
import { liveSampler } from '#observability/live-metrics.ts';
import { overloadSampler } from '#observability/overload-metrics.ts';
import type { Sampler } from '#observability/samplers.ts';
import { pingRedis } from '#redis/client.ts';
import type { ApiResources } from '#resources.ts';
import { explainingStore, settings, writesCheck } from './store-checks.ts';

/** The stores that an api process depends on, and what happens without each. */
export const apiDependencies = (resources: ApiResources): Dependencies =>
  watchDependencies([
    {
      name: 'booking-database',
      check: () => resources.db.execute(sql`select 1`),
      explain: explainingStore(settings.booking),
      isNeeded: true,
      without:
        'Holds and bookings are refused with TRY_AGAIN; seat maps are the last known ones, marked stale; searches return events from the index, with degraded: true.',
    },
    writesCheck(resources.writer),
    {
      name: 'redis',
      check: () => pingRedis(resources.redis),
      explain: explainingStore(settings.redis),
      without: 'Holds are decided by PostgreSQL alone; seat maps come from PostgreSQL; limits are counted per process.',
    },
    {
      name: 'seat-locks',
      check: async () => (await readSeatLockMode(resources)) === 'believed',
      without: 'Seat locks are not trusted until they are rebuilt; holds are decided by PostgreSQL alone.',
    },
    {
      name: 'pubsub',
      check: () => !resources.heartbeat.isDeaf(),
      without: 'Live seat maps are updated by comparison with PostgreSQL, every few seconds.',
    },
    {
      name: 'search',
      check: () =>
        resources.search.probe().catch((error: unknown) => {
          throw new Impaired(error);
        }),
      explain: explainingStore(settings.search),
      without: 'Searches are answered by PostgreSQL, with degraded: true and without facets.',
    },
  ]);

type Observed = {
  resources: ApiResources;
  dependencies: Dependencies;
  /** A connection of its own, so that the queries of a scrape neither wait for those of fans nor delay them. */
  db: Db;
  sockets: () => SocketStats;
  eventStreams: () => number;
  overload: Pick<OverloadControl, 'stats'> | undefined;
};

export const apiSamplers = ({ resources, dependencies, db, sockets, eventStreams, overload }: Observed): Sampler[] => [
  dependencies.sampler,
  liveSampler(() => ({
    sockets: sockets(),
    seatMaps: resources.seatMaps.stats(),
    eventStreams: eventStreams(),
  })),
  ...(overload ? [overloadSampler(() => overload.stats())] : []),
  writerSampler(resources.writer),
  redisModeSampler(() => readRedisMode(resources, db)),
  overdueSampler(() => readOverdueHolds({ db })),
];

const modeOf = { believed: 'normal', rebuilding: 'rebuilding', bypassed: 'postgresql-only' } as const;

/** Rejects while PostgreSQL is down, because then no hold can be decided. */
async function readRedisMode({ redis, seatLocks }: ApiResources, db: Db): Promise<RedisMode> {
  const answers = await redis.ping().then(
    () => true,
    () => false,
  );
  return answers && seatLocks.isAsked() ? modeOf[await readSeatLockMode({ redis, db })] : 'postgresql-only';
}
