import type { WaitEstimate } from '#domain/waiting-room/estimate-rules.ts';

/** The promises of a simulation. A broken promise is counted, not thrown, so that a run shows all of them. */
export type Promised =
  | 'at most the capacity inside'
  | 'the watermark never goes back'
  | 'no turn begins in a paused or closed room'
  | 'turns begin in the order of positions'
  | 'a free slot is for the smallest position at the door'
  | 'each position is drawn once'
  | 'who joins early has no advantage in the draw'
  | 'who calls often has no advantage'
  | 'one place for each fan'
  | 'no fan is lost'
  | 'nine of ten estimates hold';

type Telling = { position: number; ahead: number; atSeconds: number; estimate: WaitEstimate };

export type EstimateFigures = {
  readonly told: number;
  /** Shares of the fans with an estimate: those whose turn began within p90, and within p50. */
  readonly withinP90: number;
  readonly withinP50: number;
  /** The same as withinP90 by the actual wait: under 10 minutes, under an hour, longer. */
  readonly withinP90ByWait: readonly number[];
  /** p90 / actual: the median, and the limit of nine tenths. */
  readonly p90ToActual: readonly [number, number];
};

const COVERED_AT_LEAST = 0.85;
const CELLS = 10;

export class Audit {
  readonly broken = new Map<Promised, number>();
  readonly #tellings: Telling[] = [];

  expect(promise: Promised, holds: boolean): void {
    if (!holds) this.broken.set(promise, (this.broken.get(promise) ?? 0) + 1);
  }

  told(telling: Telling): void {
    this.#tellings.push(telling);
  }

  /** `beganAt`: [position] -> second in which its turn began, or -1. */
  checkEstimates(beganAt: Int32Array): EstimateFigures {
    const seen = this.#tellings.flatMap(({ position, atSeconds, estimate }) => {
      const began = beganAt[position] ?? -1;
      return began < 0 ? [] : [{ ...estimate, actual: began - atSeconds }];
    });
    const isWithin = (one: (typeof seen)[number]) => one.actual <= one.p90Seconds;
    const byWait = [
      seen.filter(({ actual }) => actual < 600),
      seen.filter(({ actual }) => actual >= 600 && actual < 3_600),
      seen.filter(({ actual }) => actual >= 3_600),
    ];
    const ratios = seen.map(({ p90Seconds, actual }) => p90Seconds / Math.max(1, actual)).sort((a, b) => a - b);
    const figures: EstimateFigures = {
      told: seen.length,
      withinP90: shareOf(seen, isWithin),
      withinP50: shareOf(seen, (one) => one.actual <= one.p50Seconds),
      withinP90ByWait: byWait.map((group) => shareOf(group, isWithin)),
      p90ToActual: [quantile(ratios, 0.5), quantile(ratios, 0.9)],
    };
    this.expect('nine of ten estimates hold', figures.told > 0 && figures.withinP90 >= COVERED_AT_LEAST);
    return figures;
  }

  /** Tenths of the order of joining by tenths of the positions: every cell should have a hundredth of the entries. */
  checkDraw(order: Uint32Array): { chiSquare: number; freedom: number; limit: number } {
    const entries = order.length;
    const counts = new Float64Array(CELLS * CELLS);
    for (let ordinal = 0; ordinal < entries; ordinal++) {
      const row = Math.floor((ordinal * CELLS) / entries);
      const column = Math.floor((((order[ordinal] ?? 1) - 1) * CELLS) / entries);
      counts[row * CELLS + column] = (counts[row * CELLS + column] ?? 0) + 1;
    }
    const mean = entries / (CELLS * CELLS);
    const chiSquare = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    const freedom = (CELLS - 1) ** 2;
    // Five standard deviations.
    const limit = freedom + 5 * Math.sqrt(2 * freedom);
    this.expect('who joins early has no advantage in the draw', chiSquare < limit);
    return { chiSquare, freedom, limit };
  }

  /**
   * Of the accounts in the draw: how often people, and how often bots, get one of the best tenth of positions,
   * relative to their number. 1 is a fair share.
   */
  checkShares(bestPositions: Int32Array, isBot: Uint8Array, entries: number): { people: number; bots: number } {
    const best = { people: 0, bots: 0 };
    const all = { people: 0, bots: 0 };
    for (let account = 0; account < isBot.length; account++) {
      const position = bestPositions[account] ?? 0;
      if (position <= 0) continue;
      const kind = isBot[account] ? 'bots' : 'people';
      all[kind] += 1;
      if (position <= entries / CELLS) best[kind] += 1;
    }
    const drew = all.people + all.bots;
    const share = (kind: 'people' | 'bots') => (best[kind] / all[kind]) * (drew / (best.people + best.bots));
    // Five times what chance alone gives to the smaller group.
    const tolerance = 5 * Math.sqrt((CELLS - 1) / all.bots);
    this.expect('who calls often has no advantage', Math.abs(share('bots') - 1) < tolerance);
    return { people: share('people'), bots: share('bots') };
  }
}

const shareOf = <T>(all: readonly T[], is: (one: T) => boolean): number =>
  all.length === 0 ? Number.NaN : all.filter(is).length / all.length;

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
