import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { merchantCall } from '#test/support/payments/sandbox-gateway.ts';
import type { PlannedFault } from './plan.ts';
import type { World } from './world.ts';

const WITHIN_MS = 30_000;
const AGAIN_MS = 200;
/** By then no fan changes their mind any more. */
const SETTLED_SECONDS = 10;

/**
 * A bank asks for the money of one confirmed booking, which the gateway takes, and gives it back when the fault is over.
 * The booking is one of which no client wants anything any more. Waits while the databases or the gateway are away.
 */
export async function winDispute(world: World, { forMs }: PlannedFault): Promise<string> {
  const deadline = performance.now() + WITHIN_MS;
  const call = merchantCall(world.gatewayUrl);
  const until = async <T>(work: () => Promise<T | undefined>): Promise<T> => {
    for (;;) {
      const done = await work().catch(() => undefined);
      if (done !== undefined) return done;
      if (performance.now() > deadline) throw new Error('There was no payment to dispute.');
      await sleep(AGAIN_MS);
    }
  };
  const dispute = await until(async () => {
    const session = await findSettled(world);
    if (session === undefined) return undefined;
    const { status, json } = await call('POST', '/v1/dashboard/disputes', { session });
    return status === 200 ? (json.disputes as { id: string; status: string }[]).find(isOpen)?.id : undefined;
  });
  await sleep(forMs);
  await until(async () => {
    const { status } = await call('POST', `/v1/dashboard/disputes/${dispute}`, { status: 'won' });
    return status === 200 || undefined;
  });
  return `won ${dispute}`;
}

const isOpen = ({ status }: { status: string }): boolean => status === 'open';

/** The session of a confirmed booking, of which nothing was refunded or disputed. */
async function findSettled({ urls }: World): Promise<string | undefined> {
  const ask = async <T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
    const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => undefined });
    try {
      return await work(sql);
    } finally {
      await sql.end({ timeout: 1 });
    }
  };
  const settled = await ask(
    urls.direct.booking,
    (sql) => sql<{ id: string }[]>`
      select b.id from bookings b join events e on e.id = b.event_id
      where b.status = 'CONFIRMED' and b.tender is null and b.refunded_minor is null and e.title = 'Chaos in an arena'
        and b.confirmed_at < now() - make_interval(secs => ${SETTLED_SECONDS})
      order by random() limit 50`,
  );
  const [payment] = await ask(
    urls.direct.payments,
    (sql) => sql<{ session: string }[]>`
      select gateway_reference as session from payments
      where booking_id = any (${settled.map(({ id }) => id)}::uuid[]) and status = 'PAYMENT_SUCCESS'
        and disputed_minor = 0 and open_refunds = 0 and refunded_minor = 0 limit 1`,
  );
  return payment?.session;
}
