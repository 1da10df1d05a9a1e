import type { InventoryPolicy } from '#domain/inventory/inventory-state.ts';
import type { PaymentsPolicy } from '#domain/payments/payment-rules.ts';
import { Chance } from './chance.ts';
import { type GatewayFaults, NO_GATEWAY_FAULTS } from './gateway-server.ts';
import { type LogFaults, NO_LOG_FAULTS } from './log-server.ts';
import { NO_REDIS_FAULTS, type RedisFaults } from './redis-server.ts';
import { NO_SQL_FAULTS, type SqlFaults } from './sql-server.ts';

export type Faults = {
  readonly sql: SqlFaults;
  readonly redis: RedisFaults;
  readonly log: LogFaults;
  readonly gateway: GatewayFaults;
  /** The loss of a fan's request or its answer. */
  readonly clientLoss: number;
  /** Between two faults of the nemesis. */
  readonly nemesisEveryMs: number;
};

export const NO_FAULTS: Faults = {
  sql: NO_SQL_FAULTS,
  redis: NO_REDIS_FAULTS,
  log: NO_LOG_FAULTS,
  gateway: NO_GATEWAY_FAULTS,
  clientLoss: 0,
  nemesisEveryMs: Number.POSITIVE_INFINITY,
};

/** Everything that one seed decides before the run. */
export type Settings = {
  readonly inventory: InventoryPolicy & { readonly maxExtensionSeconds: number };
  readonly payments: PaymentsPolicy;
  readonly seats: number;
  readonly events: number;
  readonly fans: number;
  readonly apis: number;
  readonly keepsDuplicates: boolean;
  readonly safetyMs: number;
  readonly faults: Faults;
};

/** A part of the faults that can be left out, to find which faults a broken seed needs. */
export const faultKinds = ['sql', 'redis', 'log', 'gateway', 'client', 'nemesis'] as const;
export type FaultKind = (typeof faultKinds)[number];

function without(faults: Faults, left: ReadonlySet<FaultKind>): Faults {
  const { clientLoss, nemesisEveryMs } = NO_FAULTS;
  return {
    ...faults,
    ...(left.has('sql') && { sql: NO_FAULTS.sql }),
    ...(left.has('redis') && { redis: NO_FAULTS.redis }),
    ...(left.has('log') && { log: NO_FAULTS.log }),
    ...(left.has('gateway') && { gateway: NO_FAULTS.gateway }),
    ...(left.has('client') && { clientLoss }),
    ...(left.has('nemesis') && { nemesisEveryMs }),
  };
}

/** The longest allowed duration of the quiet phase: L1 to L4 of failure.md. */
export const LIVENESS_MS = 60_000;

export function settingsOf(seed: number, leftOut: ReadonlySet<FaultKind> = new Set()): Settings {
  const chance = new Chance(seed, 'settings');
  // From nearly quiet to very rough, so that long chains of steps also finish in some worlds.
  const roughness = chance.pick([0.3, 1, 1, 2]);
  const at = (probability: number) => probability * roughness;
  return {
    inventory: {
      holdTtlSeconds: chance.pick([3, 6, 6, 12, 33]),
      maxSeatsPerBooking: 4,
      maxSeatsPerEvent: 8,
      maxExtensionSeconds: 8,
    },
    payments: {
      askEverySeconds: chance.pick([6, 12]),
      leaseSeconds: 4,
      retryFirstSeconds: 0.5,
      retryMostSeconds: 4,
    },
    seats: chance.pick([6, 12, 24]),
    events: chance.pick([1, 1, 2]),
    fans: chance.whole(8, 16),
    apis: chance.whole(2, 3),
    keepsDuplicates: chance.happens(0.5),
    safetyMs: 20_000,
    faults: without(
      {
        sql: {
          lostRequest: at(0.0015),
          lostAnswer: at(0.0015),
          lostCommitAnswer: at(0.02),
          serializationFailure: at(0.01),
          lockTimeout: at(0.01),
        },
        redis: { lostAnswer: at(0.01), lostMessage: at(0.05) },
        log: { lostAnswer: at(0.05), lostPosition: at(0.03), poison: at(0.012) },
        gateway: {
          unknownBefore: at(0.06),
          unknownAfter: at(0.08),
          noticeLost: at(0.08),
          noticeRepeated: at(0.25),
          noticeLate: at(0.15),
          wrongAmount: at(0.03),
        },
        clientLoss: at(0.05),
        nemesisEveryMs: 1600 / roughness,
      },
      leftOut,
    ),
  };
}
