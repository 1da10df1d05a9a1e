import { setTimeout as sleep } from 'node:timers/promises';
import { explainOutage, type SettingsOfStores, type StoreSettings } from '#domain/outage-sentences.ts';
import type { EventLog } from '#events/log/log.ts';
import { type Dependencies, type DependencyCheck, Impaired, LATE } from '#observability/dependencies.ts';
import { describeError, type Log } from '#observability/log.ts';
import type { WorkerHealth, WorkerTrouble } from '#workers/worker-health.ts';

/** Where each store is configured. */
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

/** Of one store. */
export const explainingStore = (otherwise: StoreSettings) => explaining({ otherwise });

/** The brokers of a log on Kafka; a log in the booking database is checked with that. */
export const brokerChecks = ({ check }: EventLog, { isNeeded }: { isNeeded: boolean }): DependencyCheck[] =>
  check
    ? [
        {
          name: 'kafka',
          isNeeded,
          check,
          explain: explainingStore(settings.kafka),
          without: 'What happened waits in the outboxes and in Kafka until the brokers are back; nothing is lost.',
        },
      ]
    : [];

type OfWorkers = {
  health: WorkerHealth;
  stores: SettingsOfStores;
  eventLog: EventLog;
  /** Whether the process is of no use without the event log. */
  isLogNeeded: boolean;
};

/** What workers wait for. A store may answer a simple question and still refuse what a message needs. */
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
      without: 'Messages wait and are tried again, with pauses of up to five seconds; they go on by themselves.',
    },
    {
      name: 'event-log',
      isNeeded: isLogNeeded,
      check: () => fail(troublesOf('log')),
      explain: told({ otherwise: log }, ({ worker }) => `${worker} can't read the event log`),
      without: 'Nothing that happened is heard of until the log can be read again; nothing is lost.',
    },
    {
      name: 'timed-workers',
      check: () => fail(troublesOf('runs'), (error) => new Impaired(error)),
      explain: told(stores, ({ worker }) => `${worker} fails`),
      without: 'What they do is done later; they try again at least every five seconds.',
    },
  ];
}

class Troubled extends Error {
  readonly troubles: readonly WorkerTrouble[];

  constructor(troubles: readonly WorkerTrouble[]) {
    super('Workers are in trouble.');
    this.troubles = troubles;
  }
}

function fail(troubles: readonly WorkerTrouble[], as: (error: Troubled) => Error = (error) => error): true {
  if (troubles.length > 0) throw as(new Troubled(troubles));
  return true;
}

/** Workers that fail for the same reason are told together. */
const told = (stores: SettingsOfStores, says: (trouble: WorkerTrouble) => string) => (error: unknown) => {
  if (!(error instanceof Troubled)) return String(error);
  const byReason = Map.groupBy(error.troubles, reasonOf(stores));
  return [...byReason].map(([reason, troubles]) => `${troubles.map(says).join(', ')}: ${reason}`).join(' ');
};

const reasonOf = (stores: SettingsOfStores) => (trouble: WorkerTrouble) => {
  const reason = explaining(stores)(trouble.error);
  if (trouble.cause === 'unknown')
    return `No message of its type passes. It is parked when others pass and it does not. ${reason}`;
  return trouble.cause === 'all-alike'
    ? `Every message of its type is refused, so none is at fault by itself. Look for a migration or a release. ${reason}`
    : reason;
};

const MOST_READS = 4;
const AGAIN_MS = 300;

/** Names all that is wrong at once, before the process says that it is ready; it goes on and waits for what is away. */
export async function nameProblems(
  dependencies: Dependencies,
  log: Log,
  { except = () => false }: { except?: (dependency: string) => boolean } = {},
): Promise<void> {
  let { isReady, details } = await dependencies.read();
  // A client that tries again and again may need longer for its first refusal.
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
