import { join } from 'node:path';
import { type CheckResult, Findings } from './checks/check.ts';
import { readFactsAtRest } from './checks/facts-at-rest.ts';
import { runChecks } from './checks/run-checks.ts';
import { readSaleFacts } from './checks/sale-facts.ts';
import { readSearchFacts } from './checks/search-facts.ts';
import type { Stage } from './clients/protocol.ts';
import { countAll, type TallyState } from './clients/tally.ts';
import { readAcks, readHistory } from './history-files.ts';
import type { InjectedFault } from './nemesis.ts';
import type { PlannedFault } from './plan.ts';
import { checkRarePaths, countRarePaths, type RarePath } from './rare-paths.ts';
import type { World } from './world.ts';

export type Finished = {
  readonly world: World;
  readonly stages: readonly Stage[];
  readonly plan: readonly PlannedFault[];
  readonly faults: readonly InjectedFault[];
  readonly tally: TallyState;
  /** Work that had not finished by the deadline. */
  readonly busy: readonly string[];
  /** Of the looks at the journal during the run. */
  readonly sampled: CheckResult;
  /** A run of some seconds: too short for some of the rare paths. */
  readonly isShort: boolean;
};

/** A system at rest stays at rest; but a message may still be on its way while everything looks idle. */
const RESTS_WITHIN_MS = 20_000;
/** The product's own limit, which clients run into. */
const MAX_SEATS_PER_EVENT = 16;

/** A run of some seconds may have no pause, no code and no end of an allocation; then these checks are left out. */
const needTime: ReadonlySet<string> = new Set(['A1', 'A2', 'A3', 'B1', 'C1', 'K1', 'S1']);

/** Every check of a run that has come to rest. */
export async function checkEverything(finished: Finished): Promise<{ checks: CheckResult[]; rarePaths: RarePath[] }> {
  const { world, stages, busy, tally, isShort, faults, sampled } = finished;
  const { urls, gatewayUrl, holdTtlSeconds, broker: kafka } = world;
  const { booking: bookingUrl, payments: paymentsUrl, redis: redisUrl } = urls.direct;
  const books = { bookingUrl, paymentsUrl, gatewayUrl, redisUrl, ...(kafka && { kafka }) };
  const facts = await readFactsAtRest(books, { withinMs: busy.length === 0 ? RESTS_WITHIN_MS : 0 });
  const search = await readSearchFacts({ bookingUrl, search: world.search }, RESTS_WITHIN_MS);
  const sales = await readSaleFacts(bookingUrl);
  const folder = join(world.folder, 'history');
  const [history, acks] = [await Array.fromAsync(readHistory(folder)), await Array.fromAsync(readAcks(folder))];
  const rarePaths = await countRarePaths(world, { tally, history, faults, isShort });
  const checks = [
    checkFaults(finished),
    checkList('ENDS', 'no process ends by itself', world.processes.died, finished.faults.length),
    checkList('ANSWER', 'clients get only the answers that clients may get', tally.problems, countAll(tally.counts)),
    sampled,
    checkList('REST', 'everything comes to rest', busy, 1),
    checkRarePaths(rarePaths),
    ...runChecks(history, {
      ...facts,
      search,
      sales,
      companions: new Map(stages.map(({ eventId, companions }) => [eventId, companions])),
      acks,
      maxSeatsPerEvent: MAX_SEATS_PER_EVENT,
      holdTtlMs: holdTtlSeconds * 1000,
    }).filter(({ check, looked }) => looked > 0 || !isShort || !needTime.has(check)),
  ];
  return { checks, rarePaths };
}

function checkFaults({ plan, faults }: Finished): CheckResult {
  const findings = new Findings('FAULTS', 'every planned fault was injected');
  findings.looked = plan.length;
  for (const { kind, part, failure } of faults)
    if (failure !== undefined) findings.broken(`${kind} of ${part}: ${failure}`);
  if (faults.length < plan.length) findings.broken(`${plan.length - faults.length} were never begun`);
  return findings.result();
}

function checkList(check: string, promise: string, broken: readonly string[], looked: number): CheckResult {
  const findings = new Findings(check, promise);
  findings.looked = looked;
  for (const line of broken) findings.broken(line);
  return findings.result();
}
