import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { buildLayout, parseLayout } from './layout.ts';
import { hasSeat } from './seating-plan.ts';
import { generateSeatingPlan } from './seating-plan-generator.ts';

const planId = '0190a0b0-0000-8000-8000-000000000001';
const draft = generateSeatingPlan({ name: 'Somewhere', capacity: 5_000 });
const sectionIds = draft.sections.map((_, index) => `0190a0b0-0000-8000-8000-${String(index).padStart(12, '0')}`);

it('reads back what was written', async () => {
  const layout = await buildLayout({ planId, sectionIds, draft });
  const plan = await parseLayout(layout.gzip);
  expect(plan).toMatchObject({ planId, hash: layout.hash, seatCount: 5_000, width: draft.width, height: draft.height });
  expect(plan.focalPoint).toEqual(draft.focalPoint);
  expect(plan.sections.map(({ id, ...section }) => section)).toEqual(draft.sections);
  expect(plan.sections.map((section) => section.id)).toEqual(sectionIds);
  expect(Array.from(plan.sectionOf)).toEqual(draft.seats.section);
  expect(plan.rowOf).toEqual(draft.seats.row);
  expect(plan.labelOf).toEqual(draft.seats.label);
  expect(Array.from(plan.x)).toEqual(draft.seats.x.map(Math.fround));
  expect(Array.from(plan.y)).toEqual(draft.seats.y.map(Math.fround));
  expect(Array.from(plan.flags)).toEqual(draft.seats.flags);
});

it('the document has global ids in seat_no order and the hash that names it', async () => {
  const { hash, gzip } = await buildLayout({ planId, sectionIds, draft });
  const document = JSON.parse(gunzipSync(gzip).toString());
  expect(hash).toMatch(/^[0-9a-f]{32}$/);
  expect(document).toMatchObject({ planId, hash });
  expect(document.seats.id.slice(0, 2)).toEqual([`Seat_${planId}_0`, `Seat_${planId}_1`]);
  expect(document.sections[0].id).toBe(`Section_${sectionIds[0]}`);
});

it('equal plans have equal hashes, and moving one seat changes the hash', async () => {
  const first = await buildLayout({ planId, sectionIds, draft });
  const again = await buildLayout({ planId, sectionIds, draft: structuredClone(draft) });
  const moved = structuredClone(draft);
  moved.seats.x[0] = (moved.seats.x[0] ?? 0) + 0.1;
  expect(again.hash).toBe(first.hash);
  expect((await buildLayout({ planId, sectionIds, draft: moved })).hash).not.toBe(first.hash);
});

it('refuses columns of different length', async () => {
  const broken = structuredClone(draft);
  broken.seats.row.pop();
  const { gzip } = await buildLayout({ planId, sectionIds, draft: broken });
  await expect(parseLayout(gzip)).rejects.toThrow('column row has 4999 seats');
});

it('distinguishes seats of the plan from others', async () => {
  const plan = await parseLayout((await buildLayout({ planId, sectionIds, draft })).gzip);
  expect([0, 4_999, 5_000, -1, 0.5].map((seatNo) => hasSeat(plan, seatNo))).toEqual([true, true, false, false, false]);
});
