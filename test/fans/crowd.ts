import { type Fan, pause, signInAsGuest } from './fan.ts';
import { type Random, seededRandom, seedFor } from './random.ts';

export type CrowdPlan = {
  readonly fans: number;
  /** Each fan draws its decisions from this seed and its number, so that a run can be repeated. */
  readonly seed: number;
  /** The fans come one after the other, evenly spread over this time. Default: all at once. */
  readonly arriveSeconds?: number;
  readonly signal?: AbortSignal;
};

export type Member = { readonly index: number; readonly random: Random };

/** The fans of a crowd, with a number and decisions of their own. */
export const membersOf = ({ fans, seed }: Pick<CrowdPlan, 'fans' | 'seed'>): Member[] =>
  Array.from({ length: fans }, (_, index) => ({ index, random: seededRandom(seedFor(seed, `fan ${index}`)) }));

/** Each fan of the crowd comes when it is due and does the work; resolves when all have done it. */
export function gather<T>(plan: CrowdPlan, work: (member: Member) => Promise<T>): Promise<T[]> {
  const { fans, arriveSeconds = 0, signal } = plan;
  return Promise.all(
    membersOf(plan).map(async (member) => {
      if (arriveSeconds > 0) await pause((member.index / fans) * arriveSeconds, signal);
      return work(member);
    }),
  );
}

/** Does the work for each of them, at most this many at a time. */
export async function eachOf<T>(all: readonly T[], atOnce: number, work: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  const worker = async () => {
    for (const one of left) await work(one);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

const SIGN_IN_AT_ONCE = 50;

/** This many fans, each a viewer of its own. */
export async function signInCrowd(apiUrl: string, count: number): Promise<Fan[]> {
  const crowd: Fan[] = [];
  await eachOf([...Array(count).keys()], SIGN_IN_AT_ONCE, async () => void crowd.push(await signInAsGuest(apiUrl)));
  return crowd;
}
