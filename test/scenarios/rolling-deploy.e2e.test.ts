import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { signInCrowd } from '#test/fans/crowd.ts';
import { createBookingMutation, type Fan } from '#test/fans/fan.ts';
import { type KeptAnswer, KeptConnections } from '#test/fans/graphql-http.ts';
import { openConversation } from '#test/fans/graphql-socket.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { type Balancer, startHaproxy, startNginx } from '#test/support/network/balancers.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';
import { systemPrograms } from '#test/support/servers/system-programs.ts';

/** Through both balancers at once: 60 subscribers and 4 buyers in all. ROLLING_DEPLOY=1 has 300 and 20. */
const SCALE = Number(process.env.ROLLING_DEPLOY ?? 0.2);
const SUBSCRIBERS = 150 * SCALE;
const BUYERS = 10 * SCALE;
const SEATS_EACH = 900;
const watchQuery = 'subscription ($id: ID!) { seatMapChanged(eventId: $id) { __typename } }';
const programs = await systemPrograms('nginx', 'haproxy');

/**
 * Reconnects at once through the balancer whenever its socket ends. Uses addresses of its own, because one may have
 * 200 sockets.
 */
function openSubscriber(url: string, { eventId, from }: { eventId: string; from: string }) {
  const failures: string[] = [];
  let [opened, isClosed, isConnected, hears] = [0, false, false, false];
  let socket: WebSocket;
  const connect = () => {
    isConnected = false;
    hears = false;
    socket = openConversation(url, {
      socket: { localAddress: from },
      operations: () => [{ query: watchQuery, variables: { id: eventId } }],
      onSubscribed: () => {
        opened += 1;
        isConnected = true;
      },
      onMessage: ({ type, payload }) => {
        if (type === 'next') hears = true;
        if (type === 'error') failures.push(JSON.stringify(payload));
      },
    });
    socket.on('error', (error) => failures.push(error.message));
    socket.on('close', (code) => {
      if (isClosed) return;
      if (code !== 1012) failures.push(`closed with ${code}`);
      if (failures.length < 10) connect();
    });
  };
  connect();
  return {
    failures,
    opened: () => opened,
    isConnected: () => isConnected,
    hears: () => hears,
    close() {
      isClosed = true;
      socket.close();
    },
  };
}

/** Holds one seat after the other over kept connections, until `isOver`. */
async function buy(url: string, fan: Fan, next: () => object | undefined, isOver: () => boolean): Promise<string[]> {
  const connections = new KeptConnections();
  const headers = { authorization: `Bearer ${fan.token}` };
  const outcomes: string[] = [];
  while (!isOver()) {
    const input = next();
    if (!input) break;
    const operation = { query: createBookingMutation, variables: { input } };
    outcomes.push(await connections.send(url, operation, headers).then(outcomeOf, (error: Error) => error.message));
    await sleep(400);
  }
  connections.close();
  return outcomes;
}

function outcomeOf({ status, text }: KeptAnswer): string {
  const outcome = status === 200 && JSON.parse(text).data?.createBooking?.__typename;
  return outcome || `${status} ${text.slice(0, 200)}`;
}

describe.runIf(programs)('a rolling deploy of two api processes', { timeout: 300_000 }, async () => {
  const scenes = await openPaymentScenes({
    processes: ['worker', 'api', 'api-2'],
    env: {
      LOG_LEVEL: 'warn',
      MAX_SEATS_PER_EVENT: '1000',
      LEAVE_SECONDS: '5',
      TRUST_PROXY: 'true',
      RATE_LIMITS: 'off',
    },
  });
  const { system } = scenes;
  const balancers: Balancer[] = [];
  afterAll(async () => {
    await Promise.all(balancers.map((balancer) => balancer.stop()));
    await scenes.close();
  });

  /** What 300 subscribers and 20 buyers met through this balancer while `deploying` ran. */
  async function observe(balancer: Balancer, event: SeededEvent, deploying: () => Promise<void>) {
    const eventId = encodeGlobalId('Event', event.eventId);
    const crowd = await signInCrowd(balancer.url, BUYERS);
    const subscribers = Array.from({ length: SUBSCRIBERS }, (_, i) =>
      openSubscriber(balancer.url, { eventId, from: `127.0.1.${1 + (i % 10)}` }),
    );
    const without = (is: 'isConnected' | 'hears') => subscribers.filter((subscriber) => !subscriber[is]()).length;
    await expect.poll(() => without('isConnected'), { timeout: 60_000 }).toBe(0);
    let isOver = false;
    const buying = crowd.map((fan, buyer) => {
      let seat = 0;
      const next = () => {
        if (seat === SEATS_EACH) return undefined;
        const seatIds = event.seatIds(buyer * SEATS_EACH + seat++).map((id) => encodeGlobalId('Seat', id));
        return { eventId, seatIds, idempotencyKey: `${buyer}-${seat}` };
      };
      return buy(balancer.url, fan, next, () => isOver);
    });
    await deploying();
    // Each receives a hold on its present socket.
    await expect.poll(() => without('hears'), { timeout: 60_000 }).toBe(0);
    isOver = true;
    const outcomes = (await Promise.all(buying)).flat();
    for (const subscriber of subscribers) subscriber.close();
    const reconnects = subscribers.reduce((sum, subscriber) => sum + subscriber.opened() - 1, 0);
    return { outcomes, failures: subscribers.flatMap((subscriber) => subscriber.failures), reconnects };
  }

  test('fails no hold and no reconnect, behind nginx and behind HAProxy', async () => {
    const upstreams = [system.apiUrl, system.secondApiUrl] as const;
    balancers.push(await startNginx(programs?.nginx ?? '', upstreams));
    balancers.push(await startHaproxy(programs?.haproxy ?? '', upstreams));
    const events = [await scenes.event(BUYERS * SEATS_EACH), await scenes.event(BUYERS * SEATS_EACH)];
    const deployed = Promise.withResolvers<void>();
    let ready = 0;
    const allReady = Promise.withResolvers<void>();
    const observing = balancers.map((balancer, i) =>
      observe(balancer, events[i] as SeededEvent, () => {
        ready += 1;
        if (ready === balancers.length) allReady.resolve();
        return deployed.promise;
      }),
    );
    await Promise.race([allReady.promise, Promise.all(observing)]);
    // One after the other: the next one when the last one is ready and the balancers have seen it.
    for (const name of ['api', 'api-2'] as const) {
      await system.kill(name, 'SIGTERM');
      await system.start(name);
      // The pause of the recipe: a balancer that checks every half second has seen it by then.
      await sleep(2_000);
    }
    deployed.resolve();
    const found = await Promise.all(observing);
    for (const [i, { outcomes, failures, reconnects }] of found.entries()) {
      const name = ['nginx', 'HAProxy'][i];
      console.log(`${name}: ${outcomes.length} holds, ${reconnects} reconnects, ${failures.length} failures`);
      expect(
        outcomes.filter((outcome) => outcome !== 'CreateBookingSuccess'),
        name,
      ).toEqual([]);
      expect(failures, name).toEqual([]);
      // Each was at one of the two processes, and some at the one that they moved to before its turn.
      expect(reconnects, name).toBeGreaterThanOrEqual(SUBSCRIBERS);
      expect(outcomes.length, name).toBeGreaterThan(BUYERS * 10);
    }
    const [row] = await scenes.db.execute<{ seats: number }>(sql`select count(*)::int as seats from bookings`);
    expect(row?.seats).toBe(found.flatMap(({ outcomes }) => outcomes).length);
  });
});
