import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import type { Books, Period } from '../accounting/books.ts';
import { requirePeriod } from '../accounting/get-statement.ts';
import type { SeatingPlanCache } from '../catalog/seating-plan-cache.ts';
import { NotFound, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import type { Actor } from '../viewer.ts';
import { type CsvValue, csvLine } from './csv-rules.ts';
import type { ExportClaims, ExportKind, ExportLinks } from './export-links.ts';
import { columns, rowsOf } from './export-rows.ts';
import { journalColumns, journalRowsOf } from './journal-rows.ts';

type Needs = {
  readonly db: Db;
  readonly plans: SeatingPlanCache;
  readonly rights: Pick<Rights, 'requireRight'>;
  readonly books: Pick<Books, 'listJournal'>;
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
  /** The same for the journal of an organization. Throws InvalidInput for a period or a currency that does not exist. */
  linkOfJournal(actor: Actor, of: Period): ExportLink;
  /**
   * The file of a link. Throws NotFound for a link that was not made here, has expired, or whose actor has lost the right, and
   * TryAgain while the process writes other exports. The caller must read the chunks to their end or `return()` them.
   */
  open(token: string): Promise<ExportFile>;
};

type Content = {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<CsvValue[][]>;
};

/** The files of an event's bookings and tickets, and of an organization's journal. Open one per process. */
export function openEventExports({ links, ...needs }: Needs): EventExports {
  let running = 0;
  async function* written({ columns: head, rows }: Content) {
    if (running >= AT_ONCE) throw new TryAgain(5);
    running += 1;
    try {
      yield BYTE_ORDER_MARK + csvLine(head);
      for await (const page of rows) yield page.map(csvLine).join('');
    } finally {
      running -= 1;
    }
  }
  const signed = (claimsAt: (expiresAt: number) => ExportClaims): ExportLink => {
    const expiresAt = Math.floor(Date.now() / 1000) + VALID_SECONDS;
    return { path: `/exports/${links.sign(claimsAt(expiresAt))}.csv`, expiresAt: new Date(expiresAt * 1000) };
  };
  return {
    linkOf: (actor, { eventId, kind }) => signed((expiresAt) => ({ kind, eventId, actor, expiresAt })),
    linkOfJournal(actor, of) {
      requirePeriod(of);
      const { organizationId, currency } = of;
      const [from, to] = [of.from.getTime(), of.to.getTime()];
      return signed((expiresAt) => ({ kind: 'journal', organizationId, currency, from, to, actor, expiresAt }));
    },
    async open(token) {
      const claims = links.verify(token);
      if (!claims || claims.expiresAt * 1000 <= Date.now()) throw new NotFound('export');
      const content = claims.kind === 'journal' ? journalOf(needs, claims) : ofEvent(needs, claims);
      const { name, ...file } = await content;
      if (running >= AT_ONCE) throw new TryAgain(5);
      return { name, chunks: written({ name, ...file }) };
    },
  };
}

type Open = Omit<Needs, 'links'>;

async function ofEvent(
  { db, plans, rights }: Open,
  { actor, eventId, kind }: Extract<ExportClaims, { kind: ExportKind }>,
): Promise<Content> {
  const [event] = await orTryAgain(
    db.execute<{ organizationId: string; planId: string }>(
      sql`select organization_id as "organizationId", plan_id as "planId" from events where id = ${eventId}`,
    ),
  );
  if (!event) throw new NotFound('export');
  await requireRight(rights, { actor, operation: 'Event.exports', organizationId: event.organizationId });
  const plan = await orTryAgain(plans.get(event.planId));
  return { name: `${kind}-${eventId}.csv`, columns: columns[kind], rows: rowsOf({ db, plan }, kind, eventId) };
}

async function journalOf(
  { rights, books }: Open,
  { actor, organizationId, currency, ...of }: Extract<ExportClaims, { kind: 'journal' }>,
): Promise<Content> {
  await requireRight(rights, { actor, operation: 'Organization.journalExport', organizationId });
  const period = { organizationId, currency, from: new Date(of.from), to: new Date(of.to) };
  return { name: `journal-${organizationId}.csv`, columns: journalColumns, rows: journalRowsOf(books, period) };
}

async function requireRight(rights: Open['rights'], asked: Parameters<Rights['requireRight']>[0]): Promise<void> {
  try {
    await orTryAgain(rights.requireRight(asked, 'export'));
  } catch (error) {
    throw error instanceof NotAllowed ? new NotFound('export') : error;
  }
}
