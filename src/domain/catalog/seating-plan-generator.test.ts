import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SeatingPlanDraft } from './layout.ts';
import { seatFlags } from './seat-features-rules.ts';
import { generateSeatingPlan, rowLabel } from './seating-plan-generator.ts';

const planOf = (capacity: number, name = 'Any Stadium'): SeatingPlanDraft => generateSeatingPlan({ name, capacity });
const keysOf = ({ seats }: SeatingPlanDraft): string[] =>
  seats.section.map((section, seatNo) => `${section}/${seats.row[seatNo]}/${seats.label[seatNo]}`);
const countFlag = ({ seats }: SeatingPlanDraft, flag: number): number =>
  seats.flags.filter((flags) => (flags & flag) !== 0).length;

describe('a generated seating plan', () => {
  it('has exactly the requested number of seats, each with its own name and place inside the plan', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 100_000 })), (capacity) => {
        const plan = planOf(capacity);
        const { seats } = plan;
        for (const column of Object.values(seats)) expect(column.length).toBe(capacity);
        expect(new Set(keysOf(plan)).size).toBe(capacity);
        expect(new Set(seats.x.map((x, seatNo) => `${x},${seats.y[seatNo]}`)).size).toBe(capacity);
        expect(seats.x.every((x) => x > 0 && x < plan.width)).toBe(true);
        expect(seats.y.every((y) => y > 0 && y < plan.height)).toBe(true);
        expect(new Set(plan.sections.map((section) => section.label)).size).toBe(plan.sections.length);
        expect(new Set(seats.section).size).toBe(plan.sections.length);
      }),
      { numRuns: 60, examples: [[1], [2], [4_999], [5_000], [29_999], [30_000], [100_000]] },
    );
  });

  it('numbers neighbours consecutively, labelled 1 to n along each row', () => {
    const { seats } = planOf(48_000);
    const breaks = seats.label.filter((label, seatNo) => {
      const goesOn =
        seatNo > 0 &&
        seats.section[seatNo] === seats.section[seatNo - 1] &&
        seats.row[seatNo] === seats.row[seatNo - 1];
      return label !== (goesOn ? `${Number(seats.label[seatNo - 1]) + 1}` : '1');
    });
    expect(breaks).toEqual([]);
  });

  it('keeps half a metre between neighbours and never less between any two seats of a section', () => {
    const { seats } = planOf(20_000);
    let closest = Number.POSITIVE_INFINITY;
    for (let a = 0; a < 2_000; a++) {
      for (let b = a + 1; b < 2_000; b++) {
        closest = Math.min(
          closest,
          Math.hypot((seats.x[a] ?? 0) - (seats.x[b] ?? 0), (seats.y[a] ?? 0) - (seats.y[b] ?? 0)),
        );
      }
    }
    expect(closest).toBeGreaterThan(4.8);
  });

  it('makes about one seat in a hundred accessible and some restricted in view, never one seat both', () => {
    for (const capacity of [1_000, 20_000, 45_000, 94_000]) {
      const plan = planOf(capacity);
      expect(countFlag(plan, seatFlags.accessible)).toBeCloseTo(capacity / 100, 0);
      expect(plan.seats.flags.every((flags) => flags < 3)).toBe(true);
    }
    const restricted = countFlag(planOf(94_000), seatFlags.restrictedView);
    expect(restricted).toBeGreaterThan(0);
    expect(restricted).toBeLessThan(2_000);
  });

  it('prices the side of the lower level above the end of the upper level', () => {
    const plan = planOf(83_000);
    const tierOf = (label: string) => plan.sections.find((section) => section.label === label)?.tierLabel;
    expect(new Set(plan.sections.map((section) => section.tierLabel))).toEqual(
      new Set(['Category 1', 'Category 2', 'Category 3', 'Category 4']),
    );
    expect(tierOf('101')).toBe('Category 1');
    const upper = plan.sections.filter((section) => section.level === 'Upper');
    expect(upper[Math.round(upper.length / 4)]?.tierLabel).toBe('Category 4');
  });

  it('is the same on every machine', () => {
    const digest = (name: string, capacity: number): string =>
      createHash('sha256')
        .update(JSON.stringify(planOf(capacity, name)))
        .digest('hex')
        .slice(0, 32);
    // When this changes, venues would get another plan: raise SEATING_PLAN_GENERATOR with it.
    expect({ bmo: digest('BMO Field', 45_000), att: digest('AT&T Stadium', 94_000) }).toMatchInlineSnapshot(`
      {
        "att": "78743569bd9f1e4f5547be720b717288",
        "bmo": "e47902ff633c9d77f421efe78b4bb81e",
      }
    `);
  });

  it.each([0, -1, 1.5, Number.NaN, 200_001])('refuses a capacity of %s', (capacity) => {
    expect(() => planOf(capacity)).toThrow(RangeError);
  });
});

it('labels rows as a spreadsheet labels columns', () => {
  expect([0, 25, 26, 51, 52, 701, 702].map(rowLabel)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA']);
});
