import { isSame } from './watchers.ts';
import type { World } from './world.ts';

const NOTICES_WAITING = `select count(*)::int as count from notices n
  where handled_at is null and exists (select from payments p where p.gateway_reference = n.reference)`;

/** Work that has not finished yet, each with the id of the promise that it would break. */
export function stillWaiting(world: World): string[] {
  const { fans, stores } = world;
  return [
    ...fans.filter((fan) => fan.isBusy).map((fan) => `L4: ${fan.actor.name} waits for an answer`),
    ...bookingsUnderWay(world),
    ...outboxesUnderWay(world),
    ...stores.log.behind.map((what) => `I17: ${what}`),
    ...noticesUnderWay(world),
    ...copiesBehind(world),
  ];
}

const FINAL: readonly unknown[] = ['PAYMENT_SUCCESS', 'PAYMENT_FAILED', 'REFUNDED'];

function bookingsUnderWay({ books, money, history }: World): string[] {
  return [...books.bookings.values()].flatMap(({ id, status, tender }) => {
    const payment = money.payments.get(id)?.status;
    const name = `${history.name(id)} is ${status}, its payment ${payment ?? 'missing'}`;
    if (status === 'PENDING_PAYMENT') return [`I05: ${name}`];
    if (tender !== null) return payment === undefined ? [] : [`I12: ${name}, sold at the box office`];
    if (!FINAL.includes(payment) || (payment === 'PAYMENT_SUCCESS' && status !== 'CONFIRMED')) return [`I07: ${name}`];
    return [];
  });
}

function outboxesUnderWay({ stores }: World): string[] {
  return Object.values(stores.slots).flatMap(({ name, acknowledged }) => {
    const server = stores[name];
    if (server.isBusy) return [`${name} has a transaction open`];
    const [row] = server.look('select coalesce(max(position), 0)::float8 as last from feed').rows;
    return acknowledged < Number(row?.last) ? [`I17: the outbox of ${name} is not all published`] : [];
  });
}

function noticesUnderWay({ stores }: World): string[] {
  const { pendingNotices } = stores.gateway;
  if (pendingNotices > 0) return [`I17P: ${pendingNotices} notices on their way`];
  if (stores.payments.isBusy) return [];
  const [row] = stores.payments.look(NOTICES_WAITING).rows;
  return Number(row?.count) > 0 ? [`I17P: ${row?.count} notices are not applied`] : [];
}

/** No hold is left, so there may be no seat lock; and every view shows the database. */
function copiesBehind({ stores, watchers, books }: World): string[] {
  const locks = stores.redis.keysLike('seat:{*}:*').length;
  const views = watchers.flatMap(({ actor, eventId, version, packed }) => {
    const event = books.events.get(eventId);
    const truth = event?.maps[event.version];
    const isCurrent = version === event?.version && truth !== undefined && isSame(truth, packed);
    return isCurrent ? [] : [`R1: ${actor.name} is at ${version} of ${event?.version}`];
  });
  return [...(locks > 0 ? [`X1: ${locks} seat locks are left`] : []), ...views];
}
