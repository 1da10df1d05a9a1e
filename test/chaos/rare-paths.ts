import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import postgres from 'postgres';
import { type CheckResult, Findings } from './checks/check.ts';
import type { TallyState } from './clients/tally.ts';
import type { HistoryRecord } from './history.ts';
import { countInHistory } from './history-paths.ts';
import type { InjectedFault } from './nemesis.ts';
import { waitedFor } from './waited-messages.ts';
import type { World } from './world.ts';

/** A rare event that must have happened in a run. */
export type RarePath = { readonly name: string; readonly count: number; readonly isRequired: boolean };

/** The paths that a run of some seconds certainly reaches; all others need time or luck. */
const requiredOfAll: ReadonlySet<string> = new Set(['a slot was lost and the outbox was replayed']);

type Observed = {
  readonly tally: TallyState;
  readonly history: readonly HistoryRecord[];
  readonly faults: readonly InjectedFault[];
  /** A run of some seconds: too short for some of the rare paths. */
  readonly isShort: boolean;
};

export async function countRarePaths(world: World, observed: Observed): Promise<RarePath[]> {
  const counts = {
    ...(await countInBookings(world.urls.direct.booking)),
    ...(await countInPayments(world.urls.direct.payments)),
    ...(await countInLogs(join(world.folder, 'logs'))),
    ...countInHistory(observed.history, observed.faults),
    'a commit was unknown and found by its key': sumOf(observed.tally.observations, 'commit unknown'),
    'a search was answered without its engine or without PostgreSQL': sumOf(
      observed.tally.observations,
      'search degraded',
    ),
  };
  return Object.entries(counts).map(([name, count]) => ({
    name,
    count,
    isRequired: isPossible(name, world) && (!observed.isShort || requiredOfAll.has(name)),
  }));
}

const isPossible = (name: string, { postgres: { paymentsDisk } }: World): boolean =>
  paymentsDisk !== undefined || name !== 'a message waited for space on a disk';

export function checkRarePaths(paths: readonly RarePath[]): CheckResult {
  const findings = new Findings('RARE', 'every rare path was reached');
  findings.looked = paths.reduce((sum, { count }) => sum + count, 0);
  for (const { name, count, isRequired } of paths) if (isRequired && count === 0) findings.broken(`never: ${name}`);
  return findings.result();
}

const sumOf = (counts: Readonly<Record<string, number>>, beginning: string): number =>
  Object.entries(counts)
    .filter(([name]) => name.startsWith(beginning))
    .reduce((sum, [, count]) => sum + count, 0);

async function countInBookings(url: string): Promise<Record<string, number>> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    const [row] = await sql<Record<string, number>[]>`
      select
        (select count(*)::int from outbox where type = 'BookingConfirmed' and payload ->> 'retaken' = 'true') as retaken,
        (select count(*)::int from outbox where type = 'BookingConfirmationFailed') as late,
        (select count(*)::int from bookings where hold_extended_at is not null) as extended,
        (select count(*)::int from bookings where status <> 'CONFIRMED' and payment_status = 'REFUNDED' and confirmed_at is null) as refunded,
        (select count(*)::int from booking_refunds r join bookings b on b.id = r.booking_id
          where r.origin = 'GATEWAY' and r.status = 'SUCCEEDED' and r.amount_minor = b.total_minor and b.status = 'CANCELLED'
            and b.confirmed_at is not null) as dashboard,
        (select count(*)::int from booking_refunds where requested_by is not null) as organizer,
        (select count(*)::int from event_cancellations) as cancelled`;
    return {
      'a payment came late and the seats were taken again': row?.retaken ?? 0,
      'a payment came late and was turned away': row?.late ?? 0,
      'late money went back': row?.refunded ?? 0,
      'a hold was extended': row?.extended ?? 0,
      'a refund of the gateway’s dashboard voided tickets': row?.dashboard ?? 0,
      'tickets were refunded by the organizer': row?.organizer ?? 0,
      'an event was cancelled': row?.cancelled ?? 0,
    };
  } finally {
    await sql.end();
  }
}

async function countInPayments(url: string): Promise<Record<string, number>> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    const [row] = await sql<Record<string, number>[]>`
      select
        (select count(*)::int from notices n join outbox o on o.aggregateid = n.booking_id
          where n.type in ('SESSION_PAID', 'SESSION_DECLINED') and o.type = 'PaymentSessionOpened'
            and n.received_at < o.created_at) as early,
        (select count(*)::int from notices n join notices m using (gateway, reference)
          where n.type = 'SESSION_PAID' and m.type = 'REFUNDED' and n.received_at > m.received_at) as reordered,
        (select count(*)::int from refunds r join payments p on p.booking_id = r.booking_id
          where r.status = 'SUCCEEDED' and r.amount_minor between 1 and p.captured_minor - 1) as parts,
        (select count(*)::int from disputes where status = 'LOST') as lost,
        (select count(*)::int from disputes where status = 'WON') as won,
        (select count(*)::int from refunds r where status = 'FAILED'
          and exists (select from journal_entries e where e.refund_id = r.id and e.kind = 'REFUND_DONE')) as failed`;
    return {
      'a webhook came before its payment knew the session': row?.early ?? 0,
      'notices of one session came out of order': row?.reordered ?? 0,
      'a part refund arrived': row?.parts ?? 0,
      'a dispute was lost': row?.lost ?? 0,
      'a dispute was won': row?.won ?? 0,
      'a refund failed after it had arrived': row?.failed ?? 0,
    };
  } finally {
    await sql.end();
  }
}

const linesOf: Readonly<Record<string, RegExp>> = {
  'a gateway call had an unknown result': /"outcome":"UNKNOWN"/,
  // A new slot of an empty database has nothing to replay.
  'a slot was lost and the outbox was replayed': /"state":"replayed".*"count":[1-9]/,
  'a message waited for an address': waitedFor('no-address'),
  'a message waited for the right certificate': waitedFor('wrong-certificate'),
  'a message waited for the right password': waitedFor('wrong-password'),
  'a message waited for space on a disk': waitedFor('disk-full'),
};
const noticeSent = /"notice":"([^"]+)".*"outcome":"2xx".*"notice sent"/;

/** From the log lines of the processes, for events that are in no database. */
async function countInLogs(folder: string): Promise<Record<string, number>> {
  const delivered = new Map<string, number>();
  const counts = Object.fromEntries(Object.keys(linesOf).map((name) => [name, 0]));
  for (const file of await readdir(folder)) {
    for await (const line of createInterface({ input: createReadStream(join(folder, file), 'utf8') })) {
      const notice = noticeSent.exec(line)?.[1];
      if (notice !== undefined) delivered.set(notice, (delivered.get(notice) ?? 0) + 1);
      for (const [name, pattern] of Object.entries(linesOf))
        if (pattern.test(line)) counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return { ...counts, 'a webhook was delivered twice': [...delivered.values()].filter((times) => times > 1).length };
}
