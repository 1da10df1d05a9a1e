import { setTimeout as sleep } from 'node:timers/promises';
import { instant } from '../history.ts';
import type { Result } from '../recorded-fan.ts';
import type { Tally } from './tally.ts';

/** Longer than any fault lasts: after it what became of a request is a problem of the run. */
const GIVE_UP_MS = 60_000;
const AWAY_MS = 50;

type Request = {
  readonly tally: Tally;
  /** In words, for a problem. */
  readonly name: string;
  readonly attempt: () => Promise<Result>;
  /** The codes with which the first attempt may be refused. A later one may be refused for what an earlier one did. */
  readonly mayBeRefused: readonly string[];
};

/** Sends the same request again after every failure, until its outcome is known. */
export async function untilKnown({ tally, name, attempt, mayBeRefused }: Request): Promise<Result | undefined> {
  const giveUpAt = instant() + GIVE_UP_MS;
  for (let count = 0; instant() < giveUpAt; count++) {
    const result = await attempt();
    const { outcome, code = '', afterMs = 0 } = result;
    if (outcome === 'refused' && count === 0 && !mayBeRefused.includes(code))
      tally.problem(`${name} was refused: ${code}`);
    if (outcome !== 'unknown') return result;
    await sleep(Math.max(afterMs, AWAY_MS * (1 + count)));
  }
  tally.problem(`What came of ${name} is not known.`);
  return undefined;
}
