import { setTimeout as sleep } from 'node:timers/promises';
import { type MerchantCall, merchantCall } from '#test/support/payments/sandbox-gateway.ts';
import { lookInto } from './look-into.ts';
import type { PlannedFault } from './plan.ts';
import type { World } from './world.ts';

const WITHIN_MS = 90_000;
const AGAIN_MS = 250;
/** By then no fan changes their mind any more. */
const SETTLED_SECONDS = 10;
const PART_MINOR = 100;

type Needs = { readonly world: World; readonly call: MerchantCall; readonly until: Until };
/** Repeats the work until it returns something; an error means that a store or the gateway is away. */
type Until = <T>(what: string, work: () => Promise<T | undefined>) => Promise<T>;

/**
 * People at the gateway and at banks do everything that they can do, each to a payment that is settled: a refund of a part, a
 * refund of the whole, a dispute that is lost, one that is won, and a refund that is sent back. So each of them certainly happens
 * in a run, however few payments the machine takes in a second.
 */
export async function actByHand(world: World, { forMs }: PlannedFault): Promise<string> {
  const call = merchantCall(world.gatewayUrl);
  const deadline = performance.now() + WITHIN_MS;
  const until: Until = async (what, work) => {
    for (;;) {
      const done = await work().catch(() => undefined);
      if (done !== undefined) return done;
      if (performance.now() > deadline) throw new Error(`There was nothing for ${what}.`);
      await sleep(AGAIN_MS);
    }
  };
  const needs = { world, call, until };
  await refund(needs, PART_MINOR);
  await refund(needs);
  const [won, lost] = [await dispute(needs), await dispute(needs)];
  await sleep(forMs);
  await settle(needs, won, 'won');
  await settle(needs, lost, 'lost');
  await sendBack(needs);
  return 'two refunds, two disputes and one refund that was sent back';
}

function refund({ world, call, until }: Needs, amountMinor?: number): Promise<true> {
  return until('a refund at the dashboard', async () => {
    const session = await findSettled(world);
    if (session === undefined) return undefined;
    const part = amountMinor === undefined ? {} : { amount_minor: amountMinor };
    const { status } = await call('POST', '/v1/dashboard/refunds', { session, ...part });
    return status === 200 || undefined;
  });
}

function dispute({ world, call, until }: Needs): Promise<string> {
  return until('a dispute', async () => {
    const session = await findSettled(world);
    if (session === undefined) return undefined;
    const { status, json } = await call('POST', '/v1/dashboard/disputes', { session });
    const disputes = status === 200 ? (json.disputes as { id: string; status: string }[]) : [];
    return disputes.find((one) => one.status === 'open')?.id;
  });
}

function settle({ call, until }: Needs, id: string, end: 'won' | 'lost'): Promise<true> {
  return until('the end of a dispute', async () => {
    const { status } = await call('POST', `/v1/dashboard/disputes/${id}`, { status: end });
    return status === 200 || undefined;
  });
}

/** A refund that we asked for and know to have arrived. */
function sendBack({ world, call, until }: Needs): Promise<true> {
  return until('a refund that is sent back', async () => {
    const { refunds } = (await call('GET', '/v1/ledger')).json as { refunds: { id: string; key: string | null }[] };
    const ours = refunds.flatMap(({ id, key }) =>
      key === null ? [] : [{ id, refundId: key.replace(/^refund:/, '') }],
    );
    const arrived = await lookInto(
      world.urls.direct.payments,
      (sql) => sql<{ id: string }[]>`
        select id from refunds where id = any (${ours.map(({ refundId }) => refundId)}::uuid[]) and status = 'SUCCEEDED'`,
    );
    const found = ours.find(({ refundId }) => arrived.some(({ id }) => id === refundId));
    if (!found) return undefined;
    const { status } = await call('POST', `/v1/dashboard/refunds/${found.id}/fail`, {});
    return status === 200 || undefined;
  });
}

/** The session of a confirmed booking that no client wants anything of any more, of which nothing was refunded or disputed. */
async function findSettled({ urls }: World): Promise<string | undefined> {
  const settled = await lookInto(
    urls.direct.booking,
    (sql) => sql<{ id: string }[]>`
      select b.id from bookings b join events e on e.id = b.event_id
      where b.status = 'CONFIRMED' and b.tender is null and b.refunded_minor is null and e.title = 'Chaos in an arena'
        and b.confirmed_at < now() - make_interval(secs => ${SETTLED_SECONDS})
      order by random() limit 50`,
  );
  const [payment] = await lookInto(
    urls.direct.payments,
    (sql) => sql<{ session: string }[]>`
      select gateway_reference as session from payments
      where booking_id = any (${settled.map(({ id }) => id)}::uuid[]) and status = 'PAYMENT_SUCCESS'
        and disputed_minor = 0 and open_refunds = 0 and refunded_minor = 0 and captured_minor > ${PART_MINOR} limit 1`,
  );
  return payment?.session;
}
