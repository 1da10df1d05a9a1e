import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { InvalidInput, NotFound, TryAgain } from '#domain/errors.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { openOrganizationWorld } from '#test/support/organizations/organization-world.ts';
import { unzipped } from '#test/support/seating/unzipped.ts';
import { seedUpload } from '#test/support/seating/uploads.ts';
import type { Actor } from '../viewer.ts';
import { exportPlan } from './export-plan.ts';
import { InvalidSeatingPlan, importSeatingPlan, type PlanImportRequest } from './import-seating-plan.ts';
import { runPlanTask } from './plan-files/plan-tasks.ts';
import { openPlanThreads } from './plan-files/plan-threads.ts';
import { findVisiblePlan } from './plan-queries.ts';
import { publishSeatingPlan } from './publish-seating-plan.ts';
import { openSeatingPlanCache } from './seating-plan-cache.ts';

const world = await openOrganizationWorld();
const { db } = world;
const threads = openPlanThreads();
const needs = {
  db,
  rights: { requireRight: async () => 'OWNER' as const },
  planImports: { db, threads },
  planExports: openPlanThreads(),
};
const plans = openSeatingPlanCache({ db });
afterAll(async () => {
  await threads.close();
  await needs.planExports.close();
  await world.close();
});

const hall =
  'section,row,seat,x,y,level,features\nA,1,1,0,0,Floor,WHEELCHAIR\nA,1,2,5,0,Floor,COMPANION\nPit,,1,,,,\nPit,,2,,,,\n';
const { userId, venueId, organizationId } = await (async () => {
  const { organizerId, ...event } = await seedEvent(db, { seats: 2 });
  return { ...event, userId: organizerId };
})();
const actor: Actor = { userId };
type Change = Partial<PlanImportRequest> & { bytes?: Uint8Array | string };
async function requestOf({ bytes = hall, ...change }: Change = {}): Promise<PlanImportRequest> {
  const uploadId = change.uploadId ?? (await seedUpload(db, { organizationId, bytes }));
  return { venueId, format: 'CSV', name: 'Hall', ...change, uploadId };
}
const run = async (change?: Change) => importSeatingPlan(needs, actor, await requestOf(change));
const counts = async () => {
  const [row] = await db.execute(sql`
    select (select count(*)::int from seating_plans) plans, (select count(*)::int from sections) sections,
      (select count(*)::int from venue_seats) seats, (select count(*)::int from upload_pieces) pieces,
      (select count(*)::int from organizer_audit) audit`);
  return { ...row };
};

test('a file becomes a draft, which is public once it is published and then never changes', async () => {
  const { plan, warnings } = await run();
  expect(warnings).toEqual([]);
  expect(plan).toMatchObject({
    venueId,
    organizationId,
    name: 'Hall',
    version: 2,
    seatCount: 4,
    publishedAt: undefined,
  });
  await expect(plans.get(plan.id)).rejects.toBeInstanceOf(NotFound);
  expect(await plans.layoutByHash(plan.layoutHash)).toBeUndefined();
  expect(await findVisiblePlan({ db, plans }, plan.id, async () => false)).toBeUndefined();
  const seen = await findVisiblePlan({ db, plans }, plan.id, async (of) => of === organizationId);
  expect(seen?.sections.map(({ label, kind, places }) => [label, kind, places])).toEqual([
    ['A', undefined, undefined],
    ['Pit', 'GENERAL_ADMISSION', 2],
  ]);

  const published = await publishSeatingPlan(needs, actor, plan.id);
  expect(published.publishedAt).toBeInstanceOf(Date);
  expect(await publishSeatingPlan(needs, actor, plan.id)).toEqual(published);
  expect((await plans.get(plan.id)).seatCount).toBe(4);
  expect(await plans.layoutByHash(plan.layoutHash)).toBeDefined();
  const [venue] = await db.execute(sql`select capacity from venues where id = ${venueId}`);
  expect(venue?.capacity).toBe(4);
  const audit = await db.execute(sql`
    select operation from organizer_audit where subject_id = ${plan.id} order by id`);
  expect(audit.map(({ operation }) => operation)).toEqual(['importSeatingPlan', 'publishSeatingPlan']);

  for (const change of [
    sql`update seating_plans set name = 'Other' where id = ${plan.id}`,
    sql`update seating_plans set published_at = null where id = ${plan.id}`,
    sql`delete from venue_seats where plan_id = ${plan.id}`,
    sql`update sections set label = 'B' where plan_id = ${plan.id} and label = 'A'`,
    sql`delete from seating_plans where id = ${plan.id}`,
  ])
    await expect(db.execute(change)).rejects.toMatchObject({ cause: { code: '23001' } });
});

test('the same request again returns the same plan; another request for the upload is refused', async () => {
  const request = await requestOf();
  const first = await importSeatingPlan(needs, actor, request);
  const before = await counts();
  expect(await importSeatingPlan(needs, actor, request)).toEqual(first);
  expect(await counts()).toEqual(before);
  for (const change of [{ name: 'Other' }, { format: 'FRONTROW' as const }])
    await expect(run({ ...request, ...change })).rejects.toMatchObject({ field: 'uploadId' });
  await db.execute(sql`delete from uploads where id = ${request.uploadId}`);
  expect(await importSeatingPlan(needs, actor, request)).toEqual(first);
});

test('several requests at once make one plan; those that found no free place may try again', async () => {
  const request = await requestOf();
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => importSeatingPlan(needs, actor, request)));
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  for (const reason of refused) expect(reason).toBeInstanceOf(TryAgain);
  expect(refused.map(({ retry }) => retry.afterSeconds)).toEqual([3, 3]);
  const [row] = await db.execute(
    sql`select count(*)::int as count from seating_plans where upload_id = ${request.uploadId}`,
  );
  expect(row?.count).toBe(1);
});

test('an import that fails in the middle leaves nothing, and its upload can be imported again', async () => {
  const request = await requestOf();
  const before = await counts();
  await db.execute(
    sql`create function fail() returns trigger language plpgsql as 'begin raise exception $$failed$$; end'`,
  );
  await db.execute(sql`create trigger fail before insert on sections for each row execute function fail()`);
  await expect(importSeatingPlan(needs, actor, request)).rejects.toThrow('failed');
  expect(await counts()).toEqual(before);
  await db.execute(sql`drop trigger fail on sections`);
  expect((await importSeatingPlan(needs, actor, request)).plan.seatCount).toBe(4);
});

test('a file with problems is refused with their paths, and its upload stays', async () => {
  const request = await requestOf({ bytes: `section,row,seat\nA,1,1\nA,1,1\n${'x'.repeat(101)},1,1\nA,1,a\u0000b\n` });
  const before = await counts();
  const refusal = await importSeatingPlan(needs, actor, request).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(InvalidSeatingPlan);
  expect((refusal as InvalidSeatingPlan).problems).toEqual([
    { path: 'line 4, column section', message: 'it has more than 100 characters' },
    { path: 'line 5, column seat', message: expect.stringContaining('NUL') },
    { path: 'line 3', message: expect.stringContaining('appears twice') },
  ]);
  expect(await counts()).toEqual(before);
});

test('a file that does not fit into the memory of a thread is refused', async () => {
  const small = openPlanThreads({ memoryMb: 8 });
  const request = await requestOf({ bytes: `[${'[],'.repeat(2_000_000)}[]]`, format: 'FRONTROW' });
  const tight = { ...needs, planImports: { db, threads: small } };
  await expect(importSeatingPlan(tight, actor, request)).rejects.toMatchObject({
    problems: [{ path: 'the file', message: 'it has too many parts to be read' }],
  });
});

const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const layout = (x: string, label = '"1"') =>
  `{"width":1,"height":1,"sections":[{"label":"A","tierLabel":"T","outline":[]}],"seats":{"section":[0],"row":["1"],"label":[${label}],"x":[${x}],"y":[0],"flags":[0]}}`;
test.each([
  ['1e300', layout('1e300'), 'seats.x[0]'],
  ['a number beyond all', layout('1e999'), 'seats.x[0]'],
  ['NaN', layout('NaN'), 'the file'],
  ['half a pair', layout('0', '"\\ud800"'), 'seats.label[0]'],
  ['NUL', layout('0', '"a\\u0000b"'), 'seats.label[0]'],
  ['a deep nesting', deep(200_000), 'the file'],
  ['a deep nesting in a seat', layout(deep(100_000)), 'seats.x[0]'],
  ['latin1', Uint8Array.of(0x7b, 0xe9, 0x7d), 'the file'],
] as const)('refuses a file with %s', async (_, bytes, path) => {
  const read = await runPlanTask({ kind: 'read', bytes: new Uint8Array(Buffer.from(bytes)), format: 'FRONTROW' });
  expect(read).toMatchObject({ problems: [{ path }] });
});

test('an upload that is unknown, of another organization, without bytes or expired is refused', async () => {
  await expect(run({ uploadId: randomUUIDv7() })).rejects.toBeInstanceOf(NotFound);
  await expect(run({ uploadId: 'x' })).rejects.toBeInstanceOf(NotFound);
  const elsewhere = await world.organizationWith(1);
  const foreign = await seedUpload(db, { organizationId: elsewhere.organizationId, bytes: hall });
  await expect(run({ uploadId: foreign })).rejects.toBeInstanceOf(NotFound);
  const image = await seedUpload(db, { organizationId, bytes: hall, purpose: 'EVENT_IMAGE' });
  await expect(run({ uploadId: image })).rejects.toBeInstanceOf(NotFound);
  const old = await seedUpload(db, { organizationId, bytes: hall });
  await db.execute(sql`update uploads set expires_at = now() where id = ${old}`);
  await expect(run({ uploadId: old })).rejects.toThrow('expired');
  const empty = await seedUpload(db, { organizationId, bytes: hall });
  await db.execute(sql`update uploads set content_hash = null where id = ${empty}`);
  await expect(run({ uploadId: empty })).rejects.toBeInstanceOf(InvalidInput);
});

test('the exports of a plan come back as the same plan, and as the same seats', async () => {
  const { plan } = await run();
  const out = async (id: string, format: 'FRONTROW' | 'CSV') =>
    unzipped((await exportPlan(needs, actor, { planId: id, format })).gzip);
  const json = await out(plan.id, 'FRONTROW');
  const csv = await out(plan.id, 'CSV');
  const again = await run({ bytes: json, format: 'FRONTROW' });
  const idFree = (text: string) => {
    const { planId: _, hash: __, ...rest } = JSON.parse(text);
    return {
      ...rest,
      seats: { ...rest.seats, id: [] },
      sections: rest.sections.map(({ id: ___, ...one }: { id: string }) => one),
    };
  };
  expect(idFree(await out(again.plan.id, 'FRONTROW'))).toEqual(idFree(json));
  const fromCsv = await run({ bytes: csv });
  expect(idFree(await out(fromCsv.plan.id, 'FRONTROW')).seats).toEqual(idFree(json).seats);
  expect(await out(fromCsv.plan.id, 'CSV')).toBe(csv);
});
