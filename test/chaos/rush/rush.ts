import { setTimeout as sleep } from 'node:timers/promises';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { findViolations } from '#processes/invariants/violations.ts';
import { signInCrowd } from '#test/fans/crowd.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type ProcessName, type System, type SystemOptions, startSystem } from '#test/support/system/system.ts';
import { type CheckResult, Findings } from '../checks/check.ts';
import { type QueryFact, readBookingSide } from '../checks/facts.ts';
import { askGateway, readFactsAtRest } from '../checks/facts-at-rest.ts';
import { checkIdempotency } from '../checks/idempotency.ts';
import { runChecks } from '../checks/run-checks.ts';
import { checkSessionOrder } from '../checks/session-order.ts';
import type { HistoryRecord } from '../history.ts';
import { runLane } from './lanes.ts';
import { RushFan } from './rush-fan.ts';
import { type Scene, scenes } from './scenes.ts';
import { refuseNowAndThen, storm } from './storm.ts';
import { Watcher } from './watcher.ts';

export type RushOptions = {
  /** The folder with the `src` that is run. */
  readonly root: string;
  /** How many times longer than on a quiet machine scenes and rest may take. Default 1. */
  readonly patience?: number;
};

export type Rush = {
  readonly results: readonly CheckResult[];
  readonly operations: number;
  /** From the first request until a violation was found, or the end. */
  readonly seconds: number;
};

const processes: readonly ProcessName[] = ['everything'];
const FANS = 10;
const HOT_EVENTS = 6;
const EVENT = { seats: 8, cancellableForSeconds: 3_600 };
const MAX_SEATS_PER_EVENT = 6;
const HOLD_TTL_SECONDS = 4;
const SHORTEST_MS = 10_000;
const LONGEST_MS = 20_000;
/** A scene that went wrong is played again for this long. */
const SCENES_WITHIN_MS = 28_000;
const REST_WITHIN_MS = 15_000;
const ENOUGH_OPERATIONS = 800;
const LOOK_EVERY_MS = 1_000;
/** Checks about durations run at rest, because a machine may be slow. */
const IN_GOOD_TIME = ['I05', 'I07', 'I17', 'I24'];
/** Each api process compares its seat maps with PostgreSQL every ten seconds. */
const VIEWS_WITHIN_MS = 12_000;

/**
 * The product on its own stores for some seconds, with every part failing: few seats, many fans, lost answers, late
 * money, a gateway that repeats itself, and a Redis that loses its data. Then rest, and every check. It ends as soon
 * as something that must always hold does not.
 */
export async function rush(options: RushOptions): Promise<Rush> {
  const env = {
    HOLD_TTL_SECONDS: String(HOLD_TTL_SECONDS),
    MAX_SEATS_PER_EVENT: String(MAX_SEATS_PER_EVENT),
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'error',
  };
  const system = await startSomewhere({ root: options.root, processes, env });
  const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  try {
    return await run(system, db, options);
  } finally {
    await closeDb(db);
    await Promise.all(processes.map((name) => system.kill(name)));
    await system.stop();
  }
}

/** A port that was free may be in use by a connection when a process listens on it. */
async function startSomewhere(options: SystemOptions, attempts = 3): Promise<System> {
  try {
    return await startSystem(options);
  } catch (error) {
    if (attempts === 1 || !String(error).includes('EADDRINUSE')) throw error;
    return startSomewhere(options, attempts - 1);
  }
}

async function run(system: System, db: Db, { patience = 1 }: RushOptions): Promise<Rush> {
  const history: HistoryRecord[] = [];
  const write = (record: HistoryRecord) => void history.push(record);
  const first = await seedEvent(db, EVENT);
  const hot = [first];
  while (hot.length < HOT_EVENTS) hot.push(await seedEvent(db, { ...EVENT, like: first }));
  const found = lookOut(system, history);
  const guests = await signInCrowd(system.apiUrl, FANS + 2 * Object.keys(scenes).length);
  const fans = guests.map((fan) => new RushFan(fan, write, found.isBroken));
  const watchers = hot.map((event, index) => {
    return new Watcher(index % 2 === 0 ? system.apiUrl : system.secondApiUrl, event, write);
  });
  await refuseNowAndThen(system);
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  // A slow machine gets more time.
  const isOver = () =>
    found.isBroken() || elapsed() > LONGEST_MS || (elapsed() > SHORTEST_MS && history.length > ENOUGH_OPERATIONS);
  const currentEvent = () => hot[Math.floor((elapsed() / SHORTEST_MS) * HOT_EVENTS) % HOT_EVENTS] ?? first;
  const newEvent = () => seedEvent(db, { ...EVENT, like: first });
  const playing = playScenes(system, {
    fans: fans.slice(FANS),
    newEvent,
    isOver: found.isBroken,
    withinMs: SCENES_WITHIN_MS * patience,
  });
  let arePlayed = false;
  const played = playing.finally(() => {
    arePlayed = true;
  });
  await found.during([
    played,
    storm(system, SHORTEST_MS, () => found.isBroken() || (isOver() && arePlayed)),
    ...lanesOf(system, fans).map((lane) => runLane({ ...lane, currentEvent, random: Math.random, isOver })),
  ]);
  const reached = await played;
  await found.stop();
  const results = [...(await conclude(system, { history, found, watchers, patience })), reached.result()];
  return { results, operations: history.length, seconds: elapsed() / 1_000 };
}

type Ended = {
  history: readonly HistoryRecord[];
  found: ReturnType<typeof lookOut>;
  watchers: readonly Watcher[];
  patience: number;
};

/** At rest; or at once if a promise is already broken. */
async function conclude(system: System, { history, found, watchers, patience }: Ended): Promise<CheckResult[]> {
  const limits = { maxSeatsPerEvent: MAX_SEATS_PER_EVENT, holdTtlMs: HOLD_TTL_SECONDS * 1_000 };
  const facts = found.isBroken()
    ? { ...(await readBookingSide(system.bookingUrl)), queries: found.queries() }
    : await readFactsAtRest(system, { withinMs: REST_WITHIN_MS * patience });
  const isAtRest = !found.isBroken() && facts.queries?.every((query) => query.found.length === 0);
  const finishing = watchers.map((watcher) => {
    const { version = 0 } = facts.maps?.get(watcher.eventId) ?? {};
    return watcher.finish(version, isAtRest ? VIEWS_WITHIN_MS : 0);
  });
  await Promise.all(finishing);
  return runChecks(history, { ...facts, ...limits }).filter(
    // A system that was not at rest says nothing about promises at rest.
    ({ check }) => isAtRest || check !== 'R1',
  );
}

function lanesOf(system: System, fans: readonly RushFan[]) {
  return fans.slice(0, FANS).map((fan, index) => {
    const stranger = fans[(index + 1) % FANS] ?? fan;
    return { fan: [fan, fan.at(system.secondApiUrl)], stranger };
  });
}

type Play = {
  fans: readonly RushFan[];
  newEvent: () => Promise<SeededEvent>;
  isOver: () => boolean;
  withinMs: number;
};

/** Plays each scene until it reached its purpose. If one never does, it is unknown whether its promises hold. */
async function playScenes(system: System, { fans, newEvent, isOver, withinMs }: Play): Promise<Findings> {
  const findings = new Findings('SCENES', 'every scene came to what it is for');
  const play = async ([name, scene]: [string, Scene], index: number) => {
    const [fan, rival] = fans.slice(2 * index);
    if (!fan || !rival) throw new Error('There are too few fans.');
    const giveUpAt = performance.now() + withinMs;
    while (!isOver() && performance.now() < giveUpAt) {
      findings.looked += 1;
      if (await scene({ ...system, fan, rival, event: await newEvent() })) return;
    }
    findings.undecided(name);
  };
  await Promise.all(Object.entries(scenes).map(play));
  return findings;
}

/** Checks during the run what must hold at every moment. */
function lookOut(system: System, history: readonly HistoryRecord[]) {
  let isBroken = false;
  let queries: QueryFact[] = [];
  const ending = new AbortController();
  const look = async () => {
    while (!isBroken && !ending.signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      const violations = await findViolations(system.bookingUrl, { except: IN_GOOD_TIME });
      const told = [checkIdempotency(history), checkSessionOrder(history)];
      queries = [
        ...violations.map(({ id, promise, rows }) => ({ id, promise, found: rows.map((row) => JSON.stringify(row)) })),
        ...(await askGateway(system)).map((line) => ({
          id: idOf(line),
          promise: 'the books of the gateway',
          found: [line],
        })),
      ];
      isBroken = isBroken || queries.length > 0 || told.some(({ verdict }) => verdict === 'broken');
    }
  };
  const looking = look();
  return {
    isBroken: () => isBroken,
    queries: () => queries,
    /** Waits for all of it. If one fails, the others end at once and its error is thrown after they have. */
    async during(parts: readonly Promise<unknown>[]): Promise<void> {
      for (const part of parts)
        part.catch(() => {
          isBroken = true;
        });
      const failed = (await Promise.allSettled(parts)).find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
    },
    stop: async () => {
      ending.abort();
      await looking;
    },
  };
}

const idOf = (line: string): string => line.slice(0, line.indexOf(' '));
