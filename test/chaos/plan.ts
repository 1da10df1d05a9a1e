import { type Random, seededRandom, seedFor } from '#test/fans/random.ts';
import { type PartName, type ProcessName, processNames } from './parts.ts';

/** Everything that the nemesis can do, with its targets. */
export type FaultKind =
  /** kill -9, and started again after a while. */
  | 'kill'
  /** SIGSTOP, SIGCONT: it comes back and believes that no time has passed. */
  | 'freeze'
  /** `pg_ctl -m immediate stop`: no checkpoint, no clean end of connections; crash recovery when it starts. */
  | 'postgres-crash'
  /** kill -9 of one backend; PostgreSQL then ends all others and recovers. */
  | 'postgres-backend-kill'
  /** `pg_terminate_backend` of open connections. */
  | 'postgres-terminate'
  /** The relay's replication slots are dropped: their unread messages are lost to it. */
  | 'slot-drop'
  /** The host name of the payments database has no address. */
  | 'no-address'
  /** The payments database shows a certificate that no CA vouches for. */
  | 'wrong-certificate'
  /** The password of the payments database differs from the settings. */
  | 'wrong-password'
  /** The disk of the payments database has no free byte. */
  | 'disk-full'
  /** kill -9; back empty. */
  | 'redis-kill'
  /** kill -9; back with a dump of some time ago. */
  | 'redis-old-dump'
  | 'redis-flush'
  /** CLIENT PAUSE: it accepts commands and answers none. */
  | 'redis-pause'
  | 'black-hole'
  | 'latency'
  | 'reset'
  /** The gateway answers slowly. */
  | 'gateway-slow'
  /** The gateway carries out the call and answers 500. */
  | 'gateway-unknown'
  /** The gateway answers 500 and does nothing. */
  | 'gateway-refuses'
  | 'notices-twice'
  | 'notices-late'
  | 'notices-reordered'
  | 'notices-lost'
  /** The gateway gives back parts of payments, and whole ones, without a request of ours. */
  | 'dashboard-refunds'
  /** Banks take the money of payments back, and keep it. */
  | 'disputes-lost'
  /** Everything that people do at the gateway and at banks, each to a payment that is settled. */
  | 'gateway-by-hand'
  /** Banks send refunds back after the gateway has reported them as done. */
  | 'refunds-fail-later'
  /** kill -9; it comes back with the data on its disk. */
  | 'search-kill'
  | 'broker-kill';

export type Card = { readonly kind: FaultKind; readonly part: PartName };
export type PlannedFault = Card & {
  /** From the beginning of the run. */
  readonly atMs: number;
  /** How long the fault lasts. */
  readonly forMs: number;
};

const gateway = (kind: FaultKind): Card => ({ kind, part: 'gateway-sandbox' });
const kill = (part: ProcessName): Card => ({ kind: 'kill', part });
const freeze = (part: ProcessName | 'redis'): Card => ({ kind: 'freeze', part });

/** Dealt from the front: a short run has one of each main kind, a run of two minutes all of them. */
const firstCards: readonly Card[] = [
  kill('api'),
  gateway('gateway-unknown'),
  { kind: 'postgres-crash', part: 'postgres' },
  gateway('notices-twice'),
  { kind: 'redis-kill', part: 'redis' },
  { kind: 'slot-drop', part: 'postgres' },
  freeze('worker'),
  { kind: 'black-hole', part: 'postgres' },
  kill('payments'),
  { kind: 'redis-flush', part: 'redis' },
  { kind: 'postgres-terminate', part: 'postgres' },
  gateway('notices-late'),
  gateway('notices-reordered'),
  gateway('notices-reordered'),
  { kind: 'search-kill', part: 'search' },
  { kind: 'no-address', part: 'postgres' },
  { kind: 'wrong-password', part: 'postgres' },
  { kind: 'wrong-certificate', part: 'postgres' },
  gateway('dashboard-refunds'),
  gateway('disputes-lost'),
  gateway('gateway-by-hand'),
  gateway('refunds-fail-later'),
];
const otherCards: readonly Card[] = [
  ...processNames.map(kill),
  ...processNames.map(freeze),
  freeze('redis'),
  { kind: 'postgres-crash', part: 'postgres' },
  { kind: 'postgres-backend-kill', part: 'postgres' },
  { kind: 'postgres-terminate', part: 'postgres' },
  { kind: 'slot-drop', part: 'postgres' },
  { kind: 'redis-kill', part: 'redis' },
  { kind: 'redis-old-dump', part: 'redis' },
  { kind: 'redis-flush', part: 'redis' },
  { kind: 'redis-pause', part: 'redis' },
  ...(['postgres', 'redis', 'gateway', 'search'] as const).flatMap((part) => [
    { kind: 'black-hole' as const, part },
    { kind: 'latency' as const, part },
    { kind: 'reset' as const, part },
  ]),
  { kind: 'search-kill', part: 'search' },
  gateway('gateway-slow'),
  gateway('gateway-slow'),
  gateway('gateway-unknown'),
  gateway('gateway-refuses'),
  gateway('notices-twice'),
  gateway('notices-late'),
  gateway('notices-reordered'),
  gateway('notices-reordered'),
  gateway('notices-lost'),
  gateway('dashboard-refunds'),
  gateway('disputes-lost'),
  gateway('gateway-by-hand'),
  gateway('refunds-fail-later'),
];
const brokerCard: Card = { kind: 'broker-kill', part: 'broker' };
const diskCard: Card = { kind: 'disk-full', part: 'postgres' };

export type PlanOptions = {
  readonly seed: number;
  readonly seconds: number;
  /** Milliseconds from one fault to the next, on average. */
  readonly paceMs: number;
  readonly log: 'postgres' | 'kafka';
  /** Whether the payments database has a disk that can be filled. */
  readonly hasDisk: boolean;
};

/** So that a run begins with something to lose, and the last fault is over when it ends. */
const LEAD_MS = 2_000;
const TAIL_MS = 3_000;

/** The faults of a run in their order, the same for the same options. */
export function planFaults(options: PlanOptions): PlannedFault[] {
  const random = seededRandom(seedFor(options.seed, 'plan'));
  const spanMs = options.seconds * 1000 - LEAD_MS - TAIL_MS;
  const count = Math.max(1, Math.floor(spanMs / options.paceMs));
  return shuffle(deal(count, options, random), random).map((card, index) => {
    const atMs = Math.round(LEAD_MS + (index + 0.8 * random.next()) * options.paceMs);
    const forMs = Math.round(lengthOf(card.kind, random));
    return { ...card, atMs, forMs: Math.min(forMs, options.seconds * 1000 - atMs) };
  });
}

function deal(count: number, { log, hasDisk }: PlanOptions, random: Random): Card[] {
  const broker = log === 'kafka' ? [brokerCard] : [];
  const more = hasDisk ? [...broker, diskCard] : broker;
  const cards = [...broker, ...firstCards, ...(hasDisk ? [diskCard] : [])];
  while (cards.length < count) cards.push(...shuffle([...more, ...otherCards], random));
  return cards.slice(0, count);
}

function shuffle<T>(from: readonly T[], random: Random): T[] {
  const rest = [...from];
  const shuffled: T[] = [];
  while (rest.length > 0) shuffled.push(...rest.splice(random.below(rest.length), 1));
  return shuffled;
}

function lengthOf(kind: FaultKind, random: Random): number {
  const between = (least: number, most: number) => least + random.next() * (most - least);
  switch (kind) {
    case 'postgres-terminate':
    case 'postgres-backend-kill':
    case 'redis-flush':
    case 'slot-drop':
      return 0;
    case 'postgres-crash':
      return between(100, 800);
    case 'no-address':
    case 'wrong-certificate':
    case 'wrong-password':
    case 'disk-full':
      // Messages used to be parked after three tries in less than a second.
      return between(3_000, 4_500);
    case 'latency':
    case 'gateway-slow':
    case 'gateway-unknown':
    case 'gateway-refuses':
      return between(1_000, 3_000);
    case 'notices-twice':
    case 'notices-late':
    case 'notices-lost':
    case 'dashboard-refunds':
    case 'disputes-lost':
    case 'gateway-by-hand':
    case 'refunds-fail-later':
      return between(2_000, 5_000);
    case 'notices-reordered':
      // Meanwhile a payment and its refund are reported, so that they can come in the wrong order.
      return between(4_000, 8_000);
    case 'freeze':
    case 'redis-kill':
    case 'redis-old-dump':
      return between(500, 3_000);
    default:
      return between(300, 1_500);
  }
}
