import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { type BenchChild, openChild } from '#test/support/system/child.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { HOLD_ANSWER, HOLD_MUTATION, putOnSale, signInBuyers } from '../holds-e2e.ts';
import { checkHolds } from './hold-checks.ts';
import { cpuPerAnswer, type HttpLeg, medianOf, perSecond, runHttpLeg } from './http-legs.ts';
import { openOurApi, type RunningApi } from './our-api.ts';
import { keepRedisAlive } from './redis-upkeep.ts';
import { abba } from './rounds.ts';
import { openStores, type Stores } from './stores.ts';

const EVENTS = 20;
const CONNECTIONS = 64;

export const PLAN_SEATS = 100_000;
export const QUICK_SEATS = 20_000;
export const PAIR_TITLE = `spread over ${EVENTS} events, ${CONNECTIONS} connections`;

/** Two api processes with different settings on the same stores, and a load generator. */
export type SettingsPair = {
  readonly stores: Stores;
  readonly loader: BenchChild;
  readonly apis: Readonly<Record<string, RunningApi>>;
  readonly tokens: readonly string[];
};
type Settings = Readonly<Record<string, string>>;

/** @param settings the environment of each side, by its title */
export async function openSettingsPair(
  stack: AsyncDisposableStack,
  settings: Readonly<Record<string, Settings>>,
  profile: string | undefined,
): Promise<SettingsPair> {
  const opened = <T extends { close(): unknown }>(handle: T): T => {
    stack.defer(async () => void (await handle.close()));
    return handle;
  };
  const stores = opened(await openStores());
  const stopUpkeep = await keepRedisAlive(stores);
  stack.defer(async () => void (await stopUpkeep()));
  const tokenPrivateKey = newPrivateKey();
  const apis: Record<string, RunningApi> = {};
  for (const [side, env] of Object.entries(settings))
    apis[side] = opened(await openOurApi(stores, tokenPrivateKey, profile, env));
  const loader = opened(openChild(new URL('./http-load.ts', import.meta.url)));
  return { stores, loader, apis, tokens: await signInBuyers({ tokenPrivateKey }) };
}

type Pairing = { readonly plan: SeededEvent; readonly quick: boolean; readonly addresses?: number };

/** Holds in four rounds in ABBA order, after a leg of each side that does not count. `held`: all holds of each side. */
export async function runSettingsPair(
  pair: SettingsPair,
  { plan, quick, addresses }: Pairing,
  during: (api: RunningApi) => () => void = () => () => undefined,
): Promise<{ legs: Map<string, HttpLeg[]>; held: Map<string, number> }> {
  const time = quick ? { warmupMs: 200, measureMs: 800 } : { warmupMs: 500, measureMs: 6_000 };
  const sides = Object.keys(pair.apis) as [string, string];
  const legs = new Map<string, HttpLeg[]>();
  const held = new Map<string, number>();
  const run = async (side: string) => {
    const api = pair.apis[side];
    if (!api) throw new Error(`There is no process for "${side}".`);
    const end = during(api);
    try {
      const leg = await runLeg(pair, { plan, side, api, time, addresses });
      held.set(side, (held.get(side) ?? 0) + leg.total);
      return leg;
    } finally {
      end();
    }
  };
  // Compiles the code and opens the connections before the first leg that counts.
  for (const side of sides) await run(side);
  for (const side of abba(sides, quick ? 1 : 4)) legs.set(side, [...(legs.get(side) ?? []), await run(side)]);
  return { legs, held };
}

type Leg = {
  readonly plan: SeededEvent;
  readonly side: string;
  readonly api: RunningApi;
  readonly time: { readonly warmupMs: number; readonly measureMs: number };
  readonly addresses: number | undefined;
};

async function runLeg({ stores, loader, tokens }: SettingsPair, leg: Leg): Promise<HttpLeg> {
  const { plan, side, api, time, addresses } = leg;
  const eventIds = await putOnSale({ stores, plan }, EVENTS, side);
  const { planId, seatCount } = plan;
  const requests = {
    kind: 'holds' as const,
    query: HOLD_MUTATION,
    eventIds,
    planId,
    seatCount,
    tokens,
    ...(addresses !== undefined && { addresses }),
    answer: HOLD_ANSWER,
  };
  const load = { port: api.port, connections: CONNECTIONS, ...time, requests };
  const figures = await runHttpLeg(loader, load, [{ role: 'node', pid: api.pid }, ...stores.watched]);
  await checkHolds(stores.db, { eventIds, held: figures.total, released: 0, hasCounters: true });
  return figures;
}

/** What `on` leaves of the throughput of `off`, and of its CPU per hold, as shares of 1. */
export function leftOf(legs: ReadonlyMap<string, HttpLeg[]>, { on, off }: { on: string; off: string }) {
  const ratio = (value: (leg: HttpLeg) => number) => medianOf(legs.get(on), value) / medianOf(legs.get(off), value);
  const cpuOf = (role: string) => 1 / ratio((leg) => cpuPerAnswer(leg, role));
  return { throughput: ratio(perSecond), nodeCpu: cpuOf('node'), postgresCpu: cpuOf('PostgreSQL') };
}
