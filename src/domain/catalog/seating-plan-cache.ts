import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { NotFound } from '#domain/errors.ts';
import { boundedCache } from './bounded-cache.ts';
import { parseLayout } from './layout.ts';
import type { SeatingPlan } from './seating-plan.ts';

export type SeatingPlanCache = {
  /** The published plan with this raw id. Throws NotFound for any other. All callers share the object: read only. */
  get(planId: string): Promise<SeatingPlan>;
  /** The plan with this raw id, also a draft: only for callers who may see drafts of its organization. */
  getDraft(planId: string): Promise<SeatingPlan>;
  /** The layout file of a published plan with this name (32 hex digits), gzipped as it is stored, or undefined. */
  layoutByHash(hash: string): Promise<{ gzip: Buffer } | undefined>;
};

export type SeatingPlanCacheOptions = {
  /** The limit for the parsed plans; the least recently used are dropped first. One stadium is 2 to 3 MB. */
  plansMaxBytes?: number;
  /** The limit for the gzipped layouts. One stadium is about half a megabyte. */
  layoutsMaxBytes?: number;
};

const MEGABYTE = 1024 * 1024;
/** Few people look at drafts. */
const DRAFTS_MAX_BYTES = 32 * MEGABYTE;
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
  const parsed = (maxBytes: number, which: SQL) =>
    boundedCache({
      maxBytes,
      bytesOf: (plan: SeatingPlan) => plan.seatCount * BYTES_PER_SEAT,
      load: async (planId) => {
        const layout = await storedLayout(db, sql`id = ${planId}::uuid and ${which}`);
        return layout && (await parseLayout(layout));
      },
    });
  const plans = parsed(options.plansMaxBytes ?? 256 * MEGABYTE, IS_PUBLISHED);
  const drafts = parsed(DRAFTS_MAX_BYTES, sql`true`);
  const layouts = boundedCache({
    maxBytes: options.layoutsMaxBytes ?? 64 * MEGABYTE,
    bytesOf: (gzip: Buffer) => gzip.byteLength,
    load: (hash) => storedLayout(db, sql`layout_hash = ${hash} and ${IS_PUBLISHED}`),
  });
  return {
    get: async (planId) => required(await plans(planId)),
    getDraft: async (planId) => required(await drafts(planId)),
    async layoutByHash(hash) {
      // A text that cannot be a layout's name must not cost a query.
      if (!/^[0-9a-f]{32}$/.test(hash)) return undefined;
      const gzip = await layouts(hash);
      return gzip && { gzip };
    },
  };
}

const IS_PUBLISHED = sql`published_at is not null`;

function required(plan: SeatingPlan | undefined): SeatingPlan {
  if (!plan) throw new NotFound('seating plan');
  return plan;
}

async function storedLayout(db: Pick<Db, 'execute'>, where: SQL): Promise<Buffer | undefined> {
  const rows = await db.execute<{ layout: Buffer }>(sql`select layout from seating_plans where ${where} limit 1`);
  return rows[0]?.layout;
}
