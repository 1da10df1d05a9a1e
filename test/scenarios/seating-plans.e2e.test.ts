import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { imageOfUpload, imagePath } from '#domain/catalog/uploads/use-image-statements.ts';
import { newCredentials, openSession, signUp } from '#test/fans/accounts.ts';
import { type Fan, fanAt } from '#test/fans/fan.ts';
import { openAttempts } from '#test/support/http/attempts.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

/** From an empty organization to a published plan, as a client of two api processes does it. */
let system: System;
let db: Db;
let owner: Fan;
let stranger: Fan;
let organizationId: string;
let venueId: string;
const attempts = openAttempts(() => system.apiUrl);
const attempt = attempts.attempt.bind(attempts);
beforeAll(async () => {
  system = await startSystem({ processes: ['api', 'api-2'], env: { RATE_LIMITS: 'off' } });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  [owner, stranger] = [await account(), await account()];
  for (const by of [stranger, owner])
    organizationId = (await attempt('createOrganization', { name: 'Hall', countryCode: 'CH' }, by)).organization.id;
  venueId = (await attempt('createVenue', { organizationId, ...hall }, owner)).venue.id;
}, 120_000);
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const hall = {
  name: 'Hall',
  city: 'Bern',
  countryCode: 'CH',
  location: { latitude: 46.9, longitude: 7.4 },
  timeZone: 'Europe/Zurich',
};
const csv = 'section,row,seat,x,y,level,features\r\nA,1,1,0,0,Floor,WHEELCHAIR\r\nPit,,1,50,50,Floor,\r\n';

async function account(): Promise<Fan> {
  const session = await openSession(system.apiUrl, await signUp(system.apiUrl, newCredentials()));
  return fanAt(system.apiUrl, { token: session.accessToken, userId: session.userId });
}

type Announced = { bytes?: number; contentType?: string; purpose?: string };
async function newUpload(more: Announced = {}): Promise<{ id: string; url: string }> {
  const input = { organizationId, purpose: 'SEATING_PLAN', contentType: 'text/csv', bytes: csv.length, ...more };
  return (await attempt('createUpload', input, owner)).upload;
}
const put = async (url: string, body: string | Buffer, type = 'text/csv', origin = system.apiUrl) => {
  const sent = typeof body === 'string' ? body : new Uint8Array(body);
  const answer = await fetch(new URL(url, origin), { method: 'PUT', body: sent, headers: { 'content-type': type } });
  return { status: answer.status, body: (await answer.json()) as { errors?: { extensions: { code: string } }[] } };
};
const refused = (status: number, code: string) => ({ status, body: { errors: [{ extensions: { code } }] } });
const get = (path: string, by?: Fan) =>
  fetch(new URL(path, system.apiUrl), { headers: by ? { authorization: `Bearer ${by.token}` } : {} });

test('a file is uploaded to one process, imported by another, published and exported', async () => {
  const upload = await newUpload();
  expect(await put(upload.url, csv, 'Text/CSV; charset=utf-8', system.secondApiUrl)).toMatchObject({
    status: 200,
    body: { upload: { id: upload.id } },
  });
  const request = { venueId, uploadId: upload.id, format: 'CSV', name: 'Hall 1' };
  const { seatingPlan, warnings } = await attempt('importSeatingPlan', request, owner);
  expect(warnings).toEqual([]);
  expect(seatingPlan).toMatchObject({
    name: 'Hall 1',
    version: 1,
    status: 'DRAFT',
    seatCount: 2,
    publishedAt: null,
    sections: [
      { label: 'A', kind: 'SEATED', places: null },
      { label: 'Pit', kind: 'GENERAL_ADMISSION', places: 1 },
    ],
  });
  expect((await attempt('importSeatingPlan', request, owner)).seatingPlan).toEqual(seatingPlan);

  const ids = [seatingPlan.id, seatingPlan.sections[0].id, `Seat_${seatingPlan.id.replace('SeatingPlan_', '')}_0`];
  const seen = async (by: Fan) => {
    const nodes = ids.map(async (id) => (await by.ask(`{ node(id: "${id}") { id } }`)).node);
    const { venue } = await by.ask(`{ venue(id: "${venueId}") { seatingPlans(first: 5) { nodes { id } } } }`);
    return { nodes: await Promise.all(nodes), listed: venue.seatingPlans.nodes };
  };
  const all = { nodes: ids.map((id) => ({ id })), listed: [{ id: seatingPlan.id }] };
  expect(await seen(owner)).toEqual(all);
  expect(await seen(stranger)).toEqual({ nodes: [null, null, null], listed: [] });
  const files = [seatingPlan.exports.frontrow, seatingPlan.exports.csv];
  expect(seatingPlan.layout.url).toBe(seatingPlan.exports.frontrow);
  const statuses = async () => [
    (await get(`/layouts/${seatingPlan.layout.hash}.json`)).status,
    ...(await Promise.all(files.flatMap((path) => [get(path), get(path, stranger), get(path, owner)]))).map(
      ({ status }) => status,
    ),
  ];
  expect(await statuses()).toEqual([404, 401, 404, 200, 401, 404, 200]);

  expect(await attempt('publishSeatingPlan', { seatingPlanId: seatingPlan.id }, stranger)).toMatchObject({
    code: 'NOT_FOUND',
  });
  const published = (await attempt('publishSeatingPlan', { seatingPlanId: seatingPlan.id }, owner)).seatingPlan;
  expect(published).toMatchObject({ status: 'PUBLISHED', layout: { url: `/layouts/${seatingPlan.layout.hash}.json` } });
  expect(await seen(stranger)).toEqual(all);
  expect(await statuses()).toEqual([200, 401, 404, 200, 401, 404, 200]);
  expect(await (await get(seatingPlan.exports.csv, owner)).text()).toContain('A,1,1,0,0,Floor,WHEELCHAIR\r\n');
  expect(await (await get(published.layout.url)).json()).toEqual(await (await get(files[0], owner)).json());
});

test('an upload takes the announced bytes and no others', async () => {
  const { url } = await newUpload();
  const [, , id, secret] = url.split('/');
  expect(await put(`/uploads/${id}/${randomBytes(32).toString('base64url')}`, csv)).toMatchObject(
    refused(404, 'UPLOAD_NOT_FOUND'),
  );
  expect(await put(`/uploads/x/${secret}`, csv)).toMatchObject(refused(404, 'UPLOAD_NOT_FOUND'));
  expect(await put(url, csv, 'application/json')).toMatchObject(refused(415, 'UPLOAD_WRONG_TYPE'));
  expect(await put(url, csv.slice(1))).toMatchObject(refused(400, 'UPLOAD_WRONG_LENGTH'));
  expect(await put(url, `${csv}x`)).toMatchObject(refused(400, 'UPLOAD_WRONG_LENGTH'));
  expect((await get(url)).status).toBe(405);
  for (const parts of [[csv, 'x'], [csv.slice(1)]]) expect(await putInChunks(url, parts)).toBe(400);
  expect(await cutOff(url)).toBe('cut off');
  expect((await Promise.all([put(url, csv), put(url, csv), put(url, csv)])).map(({ status }) => status)).toEqual([
    200, 200, 200,
  ]);
  expect(await put(url, csv.replace('A', 'B'))).toMatchObject(refused(409, 'UPLOAD_HAS_BYTES'));
  await db.$client`update uploads set expires_at = now() where id = ${id ?? ''}`;
  expect(await put(url, csv)).toMatchObject(refused(410, 'UPLOAD_EXPIRED'));
  for (const [field, value] of Object.entries({ contentType: 'csv', bytes: 33_554_433 })) {
    const input = { organizationId, purpose: 'SEATING_PLAN', contentType: 'text/csv', bytes: 1, [field]: value };
    expect(await attempt('createUpload', input, owner)).toMatchObject({ code: 'INVALID_INPUT', field });
  }
});

/** Without a Content-Length. */
function putInChunks(url: string, parts: readonly string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'text/csv', 'transfer-encoding': 'chunked' };
    const sent = httpRequest(new URL(url, system.apiUrl), { method: 'PUT', headers }, ({ statusCode }) =>
      resolve(statusCode),
    );
    sent.on('error', reject);
    for (const part of parts) sent.write(part);
    sent.end();
  });
}

/** The client goes away in the middle of the body. */
function cutOff(url: string): Promise<string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'text/csv', 'content-length': csv.length };
    const sent = httpRequest(new URL(url, system.apiUrl), { method: 'PUT', headers });
    sent.on('error', () => resolve('cut off'));
    sent.write(csv.slice(0, 10), () => sent.destroy(new Error('gone')));
  });
}

test('the largest upload arrives whole, and a process that is killed afterwards has lost nothing', async () => {
  const bytes = randomBytes(32 * 1024 * 1024);
  const { id, url } = await newUpload({ bytes: bytes.byteLength });
  expect((await put(url, bytes)).status).toBe(200);
  await system.kill('api', 'SIGKILL');
  const [stored] = await db.$client`
    select sha256(string_agg(bytes, '' order by position)) = u.content_hash as whole from upload_pieces
    join uploads u on u.id = upload_id where u.id = ${id.replace('Upload_', '')} group by u.content_hash`;
  expect(stored).toEqual({ whole: true });
  await system.start('api');
  expect(await put(url, bytes)).toMatchObject({ status: 200 });
});

const images = {
  'image/png': Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  'image/jpeg': Buffer.from('ffd8ffe000104a464946', 'hex'),
  'image/webp': Buffer.from('524946460400000057454250', 'hex'),
};
test('an image is public once an event uses it, with its type and for good', async () => {
  for (const [type, bytes] of Object.entries(images)) {
    const { id, url } = await newUpload({ purpose: 'EVENT_IMAGE', contentType: type, bytes: bytes.byteLength });
    const uploadId = id.replace('Upload_', '');
    const organization = organizationId.replace('Organization_', '');
    const use = (of = organization) =>
      inTransaction(db, 'test', (tx) => imageOfUpload(tx, { uploadId, organizationId: of }));
    await expect(use()).rejects.toMatchObject({ field: 'imageUploadId', message: expect.stringContaining('not sent') });
    const other = Buffer.alloc(bytes.byteLength, '<svg onload=1>');
    expect(await put(url, other, type)).toMatchObject(refused(422, 'UPLOAD_NOT_AN_IMAGE'));
    expect((await put(url, bytes, type)).status).toBe(200);
    expect((await get(imagePath(uploadId))).status).toBe(404);
    await expect(use(uploadId)).rejects.toMatchObject({ field: 'imageUploadId' });
    const path = imagePath(await use());
    expect(await use()).toBe(uploadId);
    const shown = await get(path);
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      'content-type': type,
      'x-content-type-options': 'nosniff',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    expect(Buffer.from(await shown.arrayBuffer()).equals(bytes)).toBe(true);
  }
  const input = { organizationId, purpose: 'EVENT_IMAGE', contentType: 'image/svg+xml', bytes: 1 };
  expect(await attempt('createUpload', input, owner)).toMatchObject({ field: 'contentType' });
});

test('an organization may have twenty unused uploads', async () => {
  await db.$client`delete from uploads where used_at is null`;
  for (let n = 0; n < 20; n++) await newUpload();
  const input = { organizationId, purpose: 'SEATING_PLAN', contentType: 'text/csv', bytes: 1 };
  const refusal = await attempt('createUpload', input, owner);
  expect(refusal).toMatchObject({ code: 'RATE_LIMITED', retry: { advice: 'AFTER' } });
  expect(refusal.retry.afterSeconds).toBeGreaterThan(3_000);
});
