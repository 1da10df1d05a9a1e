import { answerParent } from '#test/support/system/parent.ts';
import type { AtStep, Delays } from './arrivals.ts';
import { Crowd, type CrowdOptions } from './crowd.ts';

/** A process with thousands of fans of one waiting room. */

export type FansQuestion =
  | { kind: 'open'; options: CrowdOptions }
  | { kind: 'join' }
  | { kind: 'watch' }
  | { kind: 'poll'; everyMs: number }
  /** Whether fans go in when it is their turn, and leave. */
  | { kind: 'act'; isActing: boolean }
  | { kind: 'counts' }
  | { kind: 'known' }
  | { kind: 'delays'; steps: readonly AtStep[]; fromMs: number; toMs: number }
  | { kind: 'close' };

export type FanCounts = Crowd['counts'] & {
  /** Fans who should listen and do not. */
  readonly away: number;
  /** Fans who know their position. */
  readonly placed: number;
  readonly states: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
  readonly refusals: Readonly<Record<string, number>>;
};
export type KnownPlace = {
  readonly userId: string;
  readonly state: string | undefined;
  readonly position: number | null;
  readonly ahead: number | null;
  readonly turnToldAtMs: number | undefined;
  readonly enteredAtMs: number | undefined;
};
export type FanDelays = { readonly ahead: Delays; readonly turns: Delays };

let crowd: Crowd | undefined;

answerParent<FansQuestion>(async (question) => {
  if (question.kind === 'open') {
    crowd = new Crowd(question.options);
    await crowd.signIn();
    return {};
  }
  if (!crowd) throw new Error('There are no fans.');
  return await answer(crowd, question);
});

async function answer(fans: Crowd, question: FansQuestion): Promise<unknown> {
  switch (question.kind) {
    case 'join':
      await fans.join();
      return {};
    case 'watch':
      await fans.watch();
      return {};
    case 'poll':
      fans.poll(question.everyMs);
      return {};
    case 'act':
      if (question.isActing) fans.begin();
      else fans.isActing = false;
      return {};
    case 'counts':
      return countsOf(fans);
    case 'known':
      return fans.fans.map(({ userId, state, position, ahead, turnToldAtMs, enteredAtMs }): KnownPlace => {
        return { userId, state, position, ahead, turnToldAtMs, enteredAtMs };
      });
    case 'delays':
      return fans.arrivals.delays(question.steps, question);
    default:
      fans.close();
      return {};
  }
}

function countsOf(fans: Crowd): FanCounts {
  const states: Record<string, number> = {};
  let placed = 0;
  for (const { state = 'nothing', position } of fans.fans) {
    states[state] = (states[state] ?? 0) + 1;
    if (position !== null) placed += 1;
  }
  return { ...fans.counts, away: fans.away, placed, states, problems: fans.problems, refusals: fans.refusals };
}
