import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import type { SeatingPlanCache } from '../catalog/seating-plan-cache.ts';
import { NotFound, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import type { Actor } from '../viewer.ts';
import { csvLine } from './csv-rules.ts';
import type { ExportKind, ExportLinks } from './export-links.ts';
import { columns, rowsOf } from './export-rows.ts';

type Needs = {
  readonly db: Db;
  readonly plans: SeatingPlanCache;
  readonly rights: Pick<Rights, 'requireRight'>;
  readonly links: ExportLinks;
};

const VALID_SECONDS = 300;
/** Exports that one process writes at a time. */
const AT_ONCE = 4;
/** So that spreadsheets read the file as UTF-8. */
const BYTE_ORDER_MARK = '\uFEFF';

export type ExportLink = { readonly path: string; readonly expiresAt: Date };
export type ExportFile = { readonly name: string; readonly chunks: AsyncIterable<string> };

export type EventExports = {
  /** A link with which the file can be read for five minutes, as long as the actor keeps the right. */
  linkOf(actor: Actor, of: { readonly eventId: string; readonly kind: ExportKind }): ExportLink;
  /**
   * The file of a link. Throws NotFound for a link that was not made here, has expired, or whose actor has lost the right, and
   * TryAgain while the process writes other exports. The caller must read the chunks to their end or `return()` them.
   */
  open(token: string): Promise<ExportFile>;
};

/** The files of an event's bookings and tickets. Open one per process. */
export function openEventExports({ links, ...needs }: Needs): EventExports {
  let running = 0;
  async function* written(plan: Parameters<typeof rowsOf>[0]['plan'], kind: ExportKind, eventId: string) {
    if (running >= AT_ONCE) throw new TryAgain(5);
    running += 1;
    try {
      yield BYTE_ORDER_MARK + csvLine(columns[kind]);
      for await (const rows of rowsOf({ db: needs.db, plan }, kind, eventId)) yield rows.map(csvLine).join('');
    } finally {
      running -= 1;
    }
  }
  return {
    linkOf(actor, { eventId, kind }) {
      const expiresAt = Math.floor(Date.now() / 1000) + VALID_SECONDS;
      const token = links.sign({ kind, eventId, actor, expiresAt });
      return { path: `/exports/${token}.csv`, expiresAt: new Date(expiresAt * 1000) };
    },
    async open(token) {
      const claims = links.verify(token);
      if (!claims || claims.expiresAt * 1000 <= Date.now()) throw new NotFound('export');
      const { kind, eventId, actor } = claims;
      const event = await orTryAgain(findAllowed(needs, actor, eventId));
      if (running >= AT_ONCE) throw new TryAgain(5);
      const plan = await orTryAgain(needs.plans.get(event.planId));
      return { name: `${kind}-${eventId}.csv`, chunks: written(plan, kind, eventId) };
    },
  };
}

async function findAllowed({ db, rights }: Omit<Needs, 'links'>, actor: Actor, eventId: string) {
  const [event] = await db.execute<{ organizationId: string; planId: string }>(
    sql`select organization_id as "organizationId", plan_id as "planId" from events where id = ${eventId}`,
  );
  if (!event) throw new NotFound('export');
  const asked = { actor, operation: 'Event.exports', organizationId: event.organizationId } as const;
  try {
    await rights.requireRight(asked, 'export');
  } catch (error) {
    throw error instanceof NotAllowed ? new NotFound('export') : error;
  }
  return event;
}
