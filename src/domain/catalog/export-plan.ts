import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { isUuid } from '#shared/uuid.ts';
import { NotFound } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Rights } from '../organization/rights.ts';
import type { Actor } from '../viewer.ts';
import type { PlanThreads } from './plan-files/plan-threads.ts';
import { findPlan } from './plan-queries.ts';

export const exportFormats = ['FRONTROW', 'CSV'] as const;
export type ExportFormat = (typeof exportFormats)[number];

type Needs = {
  readonly db: Db;
  readonly rights: Pick<Rights, 'requireRight'>;
  readonly planExports: PlanThreads;
};

/** The file of a plan, also of a draft, gzipped. Only for members: throws NotFound for everyone else, TryAgain when too much runs. */
export async function exportPlan(
  { db, rights, planExports }: Needs,
  actor: Actor,
  { planId, format }: { readonly planId: string; readonly format: ExportFormat },
): Promise<{ readonly gzip: Uint8Array; readonly hash: string }> {
  const plan = isUuid(planId) ? await orTryAgain(findPlan({ db }, planId)) : undefined;
  if (!plan) throw new NotFound('seating plan');
  const asked = { actor, operation: 'Query.node', organizationId: plan.organizationId } as const;
  await orTryAgain(rights.requireRight(asked, 'seating plan'));
  if (format === 'FRONTROW') return { gzip: await layoutOf(db, planId), hash: plan.layoutHash };
  const gzip = await planExports.take(async (run) => run({ kind: 'csv', layout: await layoutOf(db, planId) }));
  return { gzip, hash: plan.layoutHash };
}

async function layoutOf(db: Db, planId: string): Promise<Buffer> {
  const [row] = await orTryAgain(
    db.execute<{ layout: Buffer }>(sql`select layout from seating_plans where id = ${planId}`),
  );
  if (!row) throw new NotFound('seating plan');
  return row.layout;
}
