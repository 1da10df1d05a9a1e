import { setTimeout as sleep } from 'node:timers/promises';
import type { WriteFailure } from '#domain/inventory/write-health.ts';
import { explainOutage, type SettingsOfStores, type StoreSettings } from '#domain/outage-sentences.ts';
import type { EventLog } from '#events/log/log.ts';
import { type Dependencies, type DependencyCheck, Impaired, LATE } from '#observability/dependencies.ts';
import { describeError, type Log } from '#observability/log.ts';
import type { WorkerHealth, WorkerTrouble } from '#workers/worker-health.ts';

/** The variables that configure each store. */
export const settings = {
  booking: { address: 'DATABASE_URL' },
  payments: { address: 'PAYMENTS_DATABASE_URL' },
  redis: { address: 'REDIS_URL' },
  search: { address: 'TYPESENSE_URL', credentials: 'TYPESENSE_API_KEY' },
  kafka: { address: 'KAFKA_BROKERS', credentials: 'KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD' },
  gateway: { address: 'GATEWAY_URL', credentials: 'GATEWAY_API_KEY' },
} satisfies Record<string, StoreSettings>;

export const explaining =
  (stores: SettingsOfStores) =>
  (error: unknown): string =>
    explainOutage(error, stores) ?? `${stores.otherwise.address}: ${String(describeError(error).error)}`;

/** Explains an error of one store. */
export const explainingStore = (otherwise: StoreSettings) => explaining({ otherwise });

/** Checks the brokers of a log on Kafka. A log in the booking database is checked with that database. */
export const brokerChecks = ({ check }: EventLog, { isNeeded }: { isNeeded: boolean }): DependencyCheck[] =>
  check
    ? [
        {
          name: 'kafka',
          isNeeded,
          check,
          explain: explainingStore(settings.kafka),
          without: 'Messages wait in the outboxes and in Kafka until the brokers are back; no message is lost.',
        },
      ]
    : [];

class WritesFail extends Error {
  readonly since: Date;

  constructor({ error, since }: WriteFailure) {
    super('Writes fail.', { cause: error });
    this.since = since;
  }
}

/**
 * Reports why holds cannot be written. The process stays ready without it: a balancer that took all processes out
 * because of a full disk would stop the searches and seat maps too.
 */
export const writesCheck = (writer: { failure(): WriteFailure | undefined }): DependencyCheck => ({
  name: 'booking-writes',
  check: () => {
    const failure = writer.failure();
    if (failure) throw new WritesFail(failure);
    return true;
  },
  explain: (error) =>
    error instanceof WritesFail
      ? `Writes fail since ${error.since.toISOString()}: ${explainingStore(settings.booking)(error.cause)}`
      : String(error),
  without:
    'Seats cannot be held, confirmed or released: fans get TRY_AGAIN and messages wait. Searches, seat maps and bookings are still read.',
});

type OfWorkers = {
  health: WorkerHealth;
  stores: SettingsOfStores;
  eventLog: EventLog;
  /** Whether the process cannot work without the event log. */
  isLogNeeded: boolean;
};

/** Reports what workers wait for. A store may answer a simple query and still refuse the one that a message needs. */
export function workerChecks({ health, stores, eventLog, isLogNeeded }: OfWorkers): DependencyCheck[] {
  const log = eventLog.check ? settings.kafka : settings.booking;
  const troublesOf = (of: WorkerTrouble['of']) => health.troubles().filter((trouble) => trouble.of === of);
  return [
    ...brokerChecks(eventLog, { isNeeded: isLogNeeded }),
    {
      name: 'messages',
      isNeeded: true,
      check: () => fail(troublesOf('messages')),
      explain: told(stores, ({ worker, count }) => `${count} of ${worker} wait`),
      without: 'Messages wait and are tried again, with pauses of up to five seconds; no operator is needed.',
    },
    {
      name: 'event-log',
      isNeeded: isLogNeeded,
      check: () => fail(troublesOf('log')),
      explain: told({ otherwise: log }, ({ worker }) => `${worker} can't read the event log`),
      without: 'No message is handled until the log can be read again; no message is lost.',
    },
    {
      name: 'timed-workers',
      check: () => fail(troublesOf('runs'), (error) => new Impaired(error)),
      explain: told(stores, ({ worker }) => `${worker} fails`),
      without: 'Their work is done later; they try again at least every five seconds.',
    },
  ];
}

class Troubled extends Error {
  readonly troubles: readonly WorkerTrouble[];

  constructor(troubles: readonly WorkerTrouble[]) {
    super('Some workers have problems.');
    this.troubles = troubles;
  }
}

function fail(troubles: readonly WorkerTrouble[], as: (error: Troubled) => Error = (error) => error): true {
  if (troubles.length > 0) throw as(new Troubled(troubles));
  return true;
}

/** Puts workers that fail for the same reason into one sentence. */
const told = (stores: SettingsOfStores, says: (trouble: WorkerTrouble) => string) => (error: unknown) => {
  if (!(error instanceof Troubled)) return String(error);
  const byReason = Map.groupBy(error.troubles, reasonOf(stores));
  return [...byReason].map(([reason, troubles]) => `${troubles.map(says).join(', ')}: ${reason}`).join(' ');
};

const reasonOf = (stores: SettingsOfStores) => (trouble: WorkerTrouble) => {
  const reason = explaining(stores)(trouble.error);
  if (trouble.cause === 'unknown')
    return `No message of this type is handled now. This one is parked when others are handled and it is not. ${reason}`;
  return trouble.cause === 'all-alike'
    ? `Every message of this type fails, so the messages are not the cause. Look for a migration or a release. ${reason}`
    : reason;
};

const MOST_READS = 4;
const AGAIN_MS = 300;

/**
 * Logs all problems before the process reports that it is ready. The process goes on and waits for the missing stores.
 */
export async function nameProblems(
  dependencies: Dependencies,
  log: Log,
  { except = () => false }: { except?: (dependency: string) => boolean } = {},
): Promise<void> {
  let { isReady, details } = await dependencies.read();
  // A client that retries may need longer to report its first failure.
  for (let reads = 1; reads < MOST_READS && details.degradations.some(({ reason }) => reason === LATE); reads++) {
    await sleep(AGAIN_MS);
    ({ isReady, details } = await dependencies.read());
  }
  for (const { dependency, effect, reason } of details.degradations) {
    if (reason === undefined || except(dependency)) continue;
    const level = isReady ? 'warn' : 'error';
    log[level]({ dependency, effect }, `${dependency}: ${reason}`);
  }
}
