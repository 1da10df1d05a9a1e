import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { DomainError, InvalidInput, NotFound, RateLimited, type RetryAdvice, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import { appendAudit } from '../organization/audit-statements.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import { requireText } from '../text-rules.ts';
import type { Actor } from '../viewer.ts';
import { insertPlan } from './import/insert-plan-statements.ts';
import type { PlanProblem } from './plan-files/plan-problems.ts';
import type { PreparedPlan } from './plan-files/plan-tasks.ts';
import { type PlanThreads, PlanTooLarge, type RunPlanTask } from './plan-files/plan-threads.ts';
import type { SeatingPlanFormat } from './plan-files/seating-plan-file.ts';
import { findPlan, type PlanRecord } from './plan-queries.ts';
import { readUploadBytes } from './uploads/receive-upload.ts';
import { findOwnerOfVenue } from './venue-queries.ts';

/** The file is not a seating plan, or one that contradicts itself. Nothing of it was kept. */
export class InvalidSeatingPlan extends DomainError {
  readonly code = 'INVALID_SEATING_PLAN';
  readonly retry: RetryAdvice = { advice: 'NEVER' };
  readonly problems: readonly PlanProblem[];

  constructor(problems: readonly PlanProblem[]) {
    super('The seating plan was not imported. Correct the problems of the file and upload it again.');
    this.problems = problems;
  }
}

export const importSeatingPlanRefusals = [
  InvalidSeatingPlan,
  InvalidInput,
  NotFound,
  NotAllowed,
  RateLimited,
  TryAgain,
] as const;

/** The handles of an import, whose statements may take longer than those of other requests. */
export type PlanImports = { readonly db: Db; readonly threads: PlanThreads };

type Needs = {
  readonly db: Db;
  readonly rights: Pick<Rights, 'requireRight'>;
  readonly planImports: PlanImports;
};

export type PlanImportRequest = {
  readonly venueId: string;
  readonly uploadId: string;
  readonly format: SeatingPlanFormat;
  readonly name: string;
};

export type ImportedPlan = { readonly plan: PlanRecord; readonly warnings: readonly PlanProblem[] };

/**
 * Makes a draft of the file of an upload: whole, or not at all. An upload makes one plan. The same request again returns
 * the same plan, so a client may repeat a request whose response was lost. Throws one of `importSeatingPlanRefusals`.
 */
export async function importSeatingPlan(needs: Needs, actor: Actor, request: PlanImportRequest): Promise<ImportedPlan> {
  const { venueId } = request;
  const organizationId = isUuid(venueId) ? await orTryAgain(findOwnerOfVenue(needs, venueId)) : undefined;
  if (organizationId === undefined) throw new NotFound('venue');
  const asked = { actor, operation: 'Mutation.importSeatingPlan', organizationId } as const;
  const role = await orTryAgain(needs.rights.requireRight(asked, 'venue'));
  const name = requireText('name', 'A name', request.name, { atMost: 100 });
  const wanted = { ...request, name, organizationId };
  const before = await orTryAgain(findImported(needs.db, wanted));
  if (before) return before;
  return needs.planImports.threads.take(async (run) => {
    const { plan, warnings } = await readPlan(needs, wanted, run);
    await orTryAgain(insert(needs.planImports.db, { wanted, plan, warnings, author: { actor, role } }));
    const made = await orTryAgain(findImported(needs.db, wanted));
    if (!made) throw new TryAgain(1);
    return made;
  });
}

type Wanted = PlanImportRequest & { readonly organizationId: string };

/** The plan that the upload made. Throws InvalidInput when it was another request that made it. */
async function findImported(db: Db, wanted: Wanted): Promise<ImportedPlan | undefined> {
  if (!isUuid(wanted.uploadId)) return undefined;
  const [row] = await db.execute<{ id: string; format: SeatingPlanFormat; warnings: PlanProblem[] }>(sql`
    select id, import_format as format, import_warnings as warnings from seating_plans
    where upload_id = ${wanted.uploadId} and organization_id = ${wanted.organizationId}`);
  const plan = row && (await findPlan({ db }, row.id));
  if (!plan) return undefined;
  if (plan.venueId === wanted.venueId && plan.name === wanted.name && row.format === wanted.format)
    return { plan, warnings: row.warnings };
  throw new InvalidInput('uploadId', `This upload is the seating plan "${plan.name}" already. Upload the file again.`);
}

async function readPlan({ db, planImports }: Needs, wanted: Wanted, run: RunPlanTask) {
  const byteCount = await orTryAgain(requireBytes(db, wanted));
  const bytes = await orTryAgain(readUploadBytes(planImports, { id: wanted.uploadId, byteCount }));
  // Another import has used the upload meanwhile: the same request again finds out which.
  if (!bytes) throw new TryAgain(1);
  const file = await run({ kind: 'read', bytes, format: wanted.format }).catch((error: unknown) => {
    if (!(error instanceof PlanTooLarge)) throw error;
    return { problems: [{ path: 'the file', message: 'it has too many parts to be read' }] };
  });
  if ('problems' in file) throw new InvalidSeatingPlan(file.problems);
  return file;
}

/** The number of bytes of the upload. Throws NotFound for one of another organization or purpose. */
async function requireBytes(db: Db, { uploadId, organizationId }: Wanted): Promise<number> {
  const [upload] = isUuid(uploadId)
    ? await db.execute<{ byteCount: number; hasBytes: boolean; isOver: boolean }>(sql`
        select byte_count as "byteCount", content_hash is not null as "hasBytes",
          expires_at <= now() or used_at is not null as "isOver"
        from uploads where id = ${uploadId} and organization_id = ${organizationId} and purpose = 'SEATING_PLAN'`)
    : [];
  if (!upload) throw new NotFound('upload');
  if (upload.isOver) throw new InvalidInput('uploadId', 'The upload has expired. Upload the file again.');
  if (!upload.hasBytes) throw new InvalidInput('uploadId', 'The bytes of the upload were not sent yet.');
  return upload.byteCount;
}

type Import = {
  readonly wanted: Wanted;
  readonly plan: PreparedPlan;
  readonly warnings: readonly PlanProblem[];
  readonly author: Parameters<typeof appendAudit>[1];
};

/** Changes nothing when another request has used the upload meanwhile. */
async function insert(db: Db, { wanted, plan, warnings, author }: Import): Promise<void> {
  const { organizationId, venueId, uploadId, format, name } = wanted;
  await inTransaction(db, 'importSeatingPlan', async (tx) => {
    const used = await tx.execute(sql`update uploads set used_at = now() where id = ${uploadId} and used_at is null`);
    if (used.count === 0) return;
    await tx.execute(sql`delete from upload_pieces where upload_id = ${uploadId}`);
    const row = {
      ...plan,
      organizationId,
      venueId,
      isPublished: false,
      imported: { name, uploadId, format, warnings },
    };
    await insertPlan(tx.$client, row, plan);
    const after = { venueId, uploadId, format, name, seatCount: plan.seatCount };
    const subject = { type: 'SeatingPlan', id: plan.id };
    await appendAudit(tx, author, { organizationId, operation: 'importSeatingPlan', subject, after });
  });
}
