import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { expect, test, vi } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { isConnectionFailure } from '#db/pg-errors.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { post } from '#test/fans/graphql-http.ts';
import { runFailovers } from '#test/support/databases/failover-run.ts';
import { openReplicatedPostgres } from '#test/support/databases/replicated-postgres.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';

test('the primary crashes and comes back, then its standby takes over: nothing acknowledged is lost, no process is restarted', async () => {
  const guest = 'mutation { signInAsGuest(input: { email: "a@example.org" }) { __typename } }';
  const seatMap = 'query ($id: ID!) { seatMap(eventId: $id) { stale } }';
  const { reports, refusals } = await runFailovers({
    blows: ['kill', 'promotion'],
    clients: 4,
    calmMs: 500,
    durable: false,
    redisUrl: await testRedisUrl(),
    async whileWhole({ apiUrl }, event) {
      // The last known map is shown while PostgreSQL is away, so the map must be known.
      const variables = { id: encodeGlobalId('Event', event.eventId) };
      expect((await post(apiUrl, { query: seatMap, variables })).data.seatMap.stale).toBe(false);
    },
    async whileAway({ apiUrl }, event) {
      const variables = { id: encodeGlobalId('Event', event.eventId) };
      expect((await fetch(`${apiUrl}/ready`)).status).toBe(503);
      const { errors } = await post(apiUrl, { query: guest });
      expect(errors?.[0].extensions).toMatchObject({
        code: 'TEMPORARILY_UNAVAILABLE',
        retryAfterSeconds: expect.any(Number),
      });
      await vi.waitUntil(async () => (await post(apiUrl, { query: seatMap, variables })).data?.seatMap?.stale, 30_000);
    },
  });
  expect(reports.map(({ blow, lost }) => ({ blow, lost }))).toEqual([
    { blow: 'kill', lost: [] },
    { blow: 'promotion', lost: [] },
  ]);
  for (const { held } of reports) expect(held).toBeGreaterThan(0);
  // Which of the two depends on the point of the request at which PostgreSQL was away.
  const retryable = ['TRY_AGAIN SAME_KEY', 'TEMPORARILY_UNAVAILABLE'];
  expect(refusals.size).toBeGreaterThan(0);
  expect([...refusals].filter((refusal) => !retryable.includes(refusal))).toEqual([]);
});

test('a commit that the standby does not have is not acknowledged while it waits, and is there in the end', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'frontrow-standby-'));
  const server = await openReplicatedPostgres({ dir, durable: false });
  await server.ask('create table said (n int)');
  await server.addStandby();
  const db = openDb({ url: server.url, poolMax: 1, name: 'waits', statementTimeoutMs: 200 });
  const say = (n: number) =>
    db
      .transaction((tx) => tx.execute(sql`insert into said values (${n})`))
      .then(
        () => 'acknowledged',
        (error: unknown) => (isConnectionFailure(error) ? 'unknown' : error),
      );
  expect(await say(1)).toBe('acknowledged');
  await server.stopStandby();
  expect(await say(2)).toBe('unknown');
  await server.startStandby();
  expect(await say(3)).toBe('acknowledged');
  expect(await server.ask('select n from said order by n')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  await closeDb(db);
  await server.close();
  await rm(dir, { recursive: true, force: true });
}, 60_000);
