import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { actByHand } from './gateway-by-hand.ts';
import type { ProcessName, WayName } from './parts.ts';
import type { PaymentsTrouble } from './payments-access.ts';
import type { FaultKind, PlannedFault } from './plan.ts';
import type { Restartable } from './restartable.ts';
import { openWaitedMessages } from './waited-messages.ts';
import type { World } from './world.ts';

/** The effect of a fault, for the record: cut connections, dropped slots. */
export type Effect = string;

type Carry = (world: World, fault: PlannedFault) => Promise<Effect | undefined>;

/**
 * Makes the fault and ends it; resolves when everything that it hit is back. Throws when it could not be made, which
 * counts as a fault that was not injected.
 */
export const carryOut = (world: World, fault: PlannedFault): Promise<Effect | undefined> =>
  carriers[fault.kind](world, fault);

const processOf = ({ part }: PlannedFault): ProcessName => part as ProcessName;
const wayOf = ({ part }: PlannedFault): WayName => part as WayName;

const carriers: Readonly<Record<FaultKind, Carry>> = {
  kill: killProcess,
  freeze,
  'postgres-crash': crashPostgres,
  'postgres-backend-kill': killBackend,
  'postgres-terminate': terminateBackends,
  'slot-drop': dropSlots,
  'no-address': takePaymentsAway,
  'wrong-certificate': takePaymentsAway,
  'wrong-password': takePaymentsAway,
  'disk-full': takePaymentsAway,
  'redis-kill': (world, fault) => restartRedis(world, fault, false),
  'redis-old-dump': (world, fault) => restartRedis(world, fault, true),
  'redis-flush': async ({ redis }) => {
    await redis.flush();
    return undefined;
  },
  'redis-pause': async ({ redis }, { forMs }) => {
    await redis.pause(forMs);
    await sleep(forMs);
    return undefined;
  },
  'black-hole': (world, fault) => failWay(world, fault, { kind: 'black-hole' }),
  latency: (world, fault) => failWay(world, fault, { kind: 'latency', ms: 40 }),
  reset: (world, fault) => failWay(world, fault, { kind: 'reset' }),
  'gateway-slow': (world, fault) => trouble(world, fault, { hangMs: 1_000 }),
  'gateway-unknown': (world, fault) => trouble(world, fault, { fail500AfterActing: 12 }),
  'gateway-refuses': (world, fault) => trouble(world, fault, { failBeforeActing: 12 }),
  'notices-twice': (world, fault) => trouble(world, fault, { duplicateWebhooks: 1 }),
  'notices-late': (world, fault) => trouble(world, fault, { delayWebhooksMs: 3_000 }),
  // A payment and its refund are reported within the time in which notices wait for each other.
  'notices-reordered': (world, fault) =>
    trouble(world, fault, { reorderWebhooks: 100, refundPartsAtDashboard: 3, laterMs: 600 }),
  'notices-lost': (world, fault) => trouble(world, fault, { dropWebhooks: 0.3 }),
  'dashboard-refunds': (world, fault) =>
    trouble(world, fault, { refundPartsAtDashboard: 6, refundAtDashboard: 6, laterMs: 1_500 }),
  'disputes-lost': (world, fault) => trouble(world, fault, { disputesLost: 4, laterMs: 1_500 }),
  'gateway-by-hand': actByHand,
  'refunds-fail-later': (world, fault) => trouble(world, fault, { failRefundsLater: 4, laterMs: 800 }),
  'search-kill': ({ search }, fault) => killServer(search, fault),
  'broker-kill': ({ broker }, fault) => killServer(broker, fault),
};

async function killProcess(world: World, fault: PlannedFault): Promise<undefined> {
  const name = processOf(fault);
  if (!world.processes.isRunning(name)) throw new Error(`${name} does not run.`);
  await world.processes.kill(name);
  await sleep(fault.forMs);
  await world.startProcess(name);
}

async function freeze(world: World, fault: PlannedFault): Promise<undefined> {
  if (fault.part === 'redis') {
    const pid = world.redis.pid();
    process.kill(pid, 'SIGSTOP');
    await sleep(fault.forMs);
    process.kill(pid, 'SIGCONT');
    return;
  }
  const name = processOf(fault);
  if (!world.processes.isRunning(name)) throw new Error(`${name} does not run.`);
  world.processes.signal(name, 'SIGSTOP');
  await sleep(fault.forMs);
  world.processes.signal(name, 'SIGCONT');
}

async function crashPostgres({ postgres: server }: World, { forMs }: PlannedFault): Promise<Effect> {
  await server.crash();
  await sleep(forMs);
  const startedAtMs = performance.now();
  await server.start();
  return `recovered in ${Math.round(performance.now() - startedAtMs)} ms`;
}

/** A connection for one query, straight to the server. */
async function asAdmin<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function killBackend({ urls }: World): Promise<Effect> {
  const pid = await asAdmin(urls.direct.booking, async (sql) => {
    const [row] = await sql<{ pid: number }[]>`
      select pid from pg_stat_activity
      where backend_type = 'client backend' and application_name like 'frontrow%' order by random() limit 1`;
    return row?.pid;
  });
  if (pid === undefined) throw new Error('No process of ours is connected.');
  process.kill(pid, 'SIGKILL');
  await untilPostgresAnswers(urls.direct.booking);
  return 'the server recovered';
}

const RECOVERS_WITHIN_MS = 30_000;

async function untilPostgresAnswers(url: string): Promise<void> {
  const deadline = Date.now() + RECOVERS_WITHIN_MS;
  for (;;) {
    try {
      await asAdmin(url, (sql) => sql`select 1`);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** After a crash it may take a moment until there is a connection to end. */
const SOMEBODY_WITHIN_MS = 10_000;

async function terminateBackends({ urls }: World): Promise<Effect> {
  const deadline = Date.now() + SOMEBODY_WITHIN_MS;
  while (Date.now() < deadline) {
    const [row] = await asAdmin(
      urls.direct.booking,
      (sql) => sql<{ ended: number }[]>`
        select count(pg_terminate_backend(pid))::int as ended from pg_stat_activity
        where pid <> pg_backend_pid() and application_name like 'frontrow%' and random() < 0.7`,
    );
    if (row && row.ended > 0) return `${row.ended} backends`;
    await sleep(100);
  }
  throw new Error('There was no connection.');
}

const DROPS_WITHIN_MS = 10_000;

/** Ends the reader of a slot first; the relay or its standby may be faster, and have it again. */
async function dropSlots({ urls }: World): Promise<Effect> {
  const deadline = Date.now() + DROPS_WITHIN_MS;
  while (Date.now() < deadline) {
    const dropped = await asAdmin(urls.direct.booking, async (sql) => {
      const slots = await sql<{ slot_name: string; pid: number | null }[]>`
        select slot_name, active_pid as pid from pg_replication_slots where slot_name like 'relay%'`;
      const gone: string[] = [];
      for (const { slot_name: name, pid } of slots) {
        if (pid !== null) await sql`select pg_terminate_backend(${pid}, 500)`;
        const isDropped = await sql`select pg_drop_replication_slot(${name})`.then(
          () => true,
          () => false,
        );
        if (isDropped) gone.push(name);
      }
      return gone;
    });
    if (dropped.length > 0) return `dropped ${dropped.join(', ')}`;
  }
  throw new Error('No slot could be dropped.');
}

/** The longest time of such a fault. */
const SEEN_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 250;

async function takePaymentsAway(world: World, { kind, forMs }: PlannedFault): Promise<Effect> {
  const cause = kind as keyof PaymentsTrouble;
  const fault = world.paymentsTrouble[cause];
  if (!fault) throw new Error('The payments database has no disk of its own.');
  const waited = await openWaitedMessages(join(world.folder, 'logs'), cause);
  const begunAtMs = performance.now();
  await fault.begin();
  try {
    await sleep(forMs);
    // On a slow machine no process may have had a message for the database meanwhile.
    while (!(await waited.isThere()) && performance.now() - begunAtMs < SEEN_WITHIN_MS) await sleep(LOOK_EVERY_MS);
  } finally {
    await fault.end();
  }
  return (await waited.isThere()) ? 'a message waited' : 'no message waited';
}

async function restartRedis({ redis }: World, { forMs }: PlannedFault, withDump: boolean): Promise<Effect> {
  await redis.kill();
  await sleep(forMs);
  await redis.start({ withDump });
  return withDump ? 'back with an old dump' : 'back empty';
}

async function killServer(server: Restartable | undefined, { forMs }: PlannedFault): Promise<undefined> {
  if (!server) throw new Error('There is no such server.');
  await server.kill();
  await sleep(forMs);
  await server.start();
}

async function failWay(
  { ways }: World,
  fault: PlannedFault,
  how: Parameters<World['ways']['redis']['set']>[0],
): Promise<Effect> {
  const way = ways[wayOf(fault)];
  const open = way.open();
  way.set(how);
  await sleep(fault.forMs);
  way.set({ kind: 'pass' });
  return `${open} connections`;
}

async function trouble(world: World, fault: PlannedFault, switches: Record<string, number>): Promise<undefined> {
  const end = await world.gatewayTrouble(switches);
  await sleep(fault.forMs);
  await end();
}
