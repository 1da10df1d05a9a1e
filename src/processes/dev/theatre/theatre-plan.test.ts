import { expect, test } from 'vitest';
import { readSeatingPlanFile } from '#domain/catalog/plan-files/seating-plan-file.ts';
import { theatrePlan } from './theatre-plan.ts';

test('the plan of the theatre is read without a warning: 1,200 places, a centre aisle, boxes, companions and a gallery', () => {
  const found = readSeatingPlanFile(Buffer.from(theatrePlan()), 'CSV');
  if ('problems' in found) throw new Error(JSON.stringify(found.problems));
  expect(found.warnings).toEqual([]);
  const { seats, sections } = found.plan;
  expect(seats.row).toHaveLength(1200);
  expect(sections.filter(({ kind }) => kind === 'GENERAL_ADMISSION').map(({ label }) => label)).toEqual(['Gallery']);
  expect(sections).toHaveLength(8);
  const places = seats.x.map((x, i) => `${x} ${seats.y[i]}`).slice(0, 900);
  expect(new Set(places).size).toBe(900);
});
