import { sql } from 'drizzle-orm';
import { LRUCache } from 'lru-cache';
import type { Db } from '#db/client.ts';
import { NotFound } from '#domain/errors.ts';
import { parseLayout } from './layout.ts';
import type { SeatingPlan } from './seating-plan.ts';

export type SeatingPlanCache = {
  /** The plan with this raw id. Throws NotFound for an unknown one. All callers share the object: read only. */
  get(planId: string): Promise<SeatingPlan>;
  /** The layout file with this name (32 hex digits), gzipped as it is stored, or undefined. */
  layoutByHash(hash: string): Promise<{ gzip: Buffer } | undefined>;
};

export type SeatingPlanCacheOptions = {
  /** The limit for the parsed plans; the least recently used are dropped first. One stadium is 2 to 3 MB. */
  plansMaxBytes?: number;
  /** The limit for the gzipped layouts. One stadium is about half a megabyte. */
  layoutsMaxBytes?: number;
};

const MEGABYTE = 1024 * 1024;
/** Two 4-byte positions, two pointers, section and flags, and the overhead of the arrays. */
const BYTES_PER_SEAT = 28;

/**
 * Seating plans of this process, read from PostgreSQL once. Plans never change, so the cache is never stale. A
 * thousand concurrent callers for one plan cost one query.
 */
export function openSeatingPlanCache(
  { db }: { db: Pick<Db, 'execute'> },
  options: SeatingPlanCacheOptions = {},
): SeatingPlanCache {
  const plans = boundedCache({
    maxBytes: options.plansMaxBytes ?? 256 * MEGABYTE,
    bytesOf: (plan: SeatingPlan) => plan.seatCount * BYTES_PER_SEAT,
    load: async (planId) => {
      const layout = await storedLayout(db, sql`id = ${planId}::uuid`);
      return layout && (await parseLayout(layout));
    },
  });
  const layouts = boundedCache({
    maxBytes: options.layoutsMaxBytes ?? 64 * MEGABYTE,
    bytesOf: (gzip: Buffer) => gzip.byteLength,
    load: (hash) => storedLayout(db, sql`layout_hash = ${hash}`),
  });
  return {
    async get(planId) {
      const plan = await plans(planId);
      if (!plan) throw new NotFound('seating plan');
      return plan;
    },
    async layoutByHash(hash) {
      // A text that cannot be a layout's name must not cost a query.
      if (!/^[0-9a-f]{32}$/.test(hash)) return undefined;
      const gzip = await layouts(hash);
      return gzip && { gzip };
    },
  };
}

async function storedLayout(db: Pick<Db, 'execute'>, where: ReturnType<typeof sql>): Promise<Buffer | undefined> {
  const rows = await db.execute<{ layout: Buffer }>(sql`select layout from seating_plans where ${where} limit 1`);
  return rows[0]?.layout;
}

/**
 * Drops the least recently used entries first, by bytes; an entry that is larger than the limit stays alone. One load
 * at a time per key; neither misses nor failures are kept.
 */
function boundedCache<V extends object>(rules: {
  maxBytes: number;
  bytesOf: (value: V) => number;
  load: (key: string) => Promise<V | undefined>;
}): (key: string) => Promise<V | undefined> {
  const cache = new LRUCache<string, V>({
    maxSize: rules.maxBytes,
    sizeCalculation: (value) => Math.min(rules.maxBytes, Math.max(1, rules.bytesOf(value))),
    fetchMethod: (key) => rules.load(key),
    ignoreFetchAbort: true,
  });
  return (key) => cache.fetch(key);
}
