import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { parseWorkerConfig } from '#config/worker.ts';
import { cancelBooking } from '#domain/booking/cancel-booking.ts';
import { DomainError } from '#domain/errors.ts';
import type { Viewer } from '#domain/viewer.ts';
import { openWorkerResources } from '#resources.ts';
import { instant } from './history.ts';
import { openHistory } from './history-files.ts';
import type { World } from './world.ts';

/** An extended hold ends two minutes later, which is too long to wait for when a run comes to rest. */
const TOO_LONG_SECONDS = 15;
const LOOK_EVERY_MS = 500;

type Row = { id: string; user_id: string; event_id: string; seats: number[] };

/** Cancels, as its owner, each booking whose hold would last long, and records it like every client. */
function openLongHolds(world: World) {
  const resources = openWorkerResources(parseWorkerConfig({ ...world.environment, ...directEnvironment(world) }));
  const history = openHistory(join(world.folder, 'history'), 'long-holds');
  return {
    async cancelAll(): Promise<void> {
      const rows = await resources.db.execute<Row>(sql`
        select b.id, b.user_id, b.event_id, array_agg(s.seat_no) as seats
        from bookings b join booking_seats s on s.booking_id = b.id
        where b.status = 'PENDING_PAYMENT'
          and b.hold_expires_at > clock_timestamp() + make_interval(secs => ${TOO_LONG_SECONDS})
        group by b.id`);
      await Promise.all(rows.map((row) => cancel(resources, history, row)));
    },
    async close(): Promise<void> {
      history.close();
      await resources[Symbol.asyncDispose]();
    },
  };
}

/**
 * Cancels long holds until the work is done, because the work may wait for their ends. Returns the result of the work,
 * or rejects with its error.
 */
export async function withoutLongHolds<T>(world: World, work: () => Promise<T>): Promise<T> {
  const longHolds = openLongHolds(world);
  let isDone = false;
  const done = work().finally(() => {
    isDone = true;
  });
  // The loop hears a failure only after its look. Without a handler until then, the rejection would end the process,
  // which would leave its servers running.
  done.catch(() => undefined);
  try {
    while (!isDone) {
      await longHolds.cancelAll();
      await Promise.race([done, sleep(LOOK_EVERY_MS)]);
    }
    return await done;
  } finally {
    await longHolds.close();
  }
}

const directEnvironment = ({ urls }: World) => ({ DATABASE_URL: urls.direct.booking, REDIS_URL: urls.direct.redis });

async function cancel(
  needs: ReturnType<typeof openWorkerResources>,
  history: ReturnType<typeof openHistory>,
  { id: booking, user_id: user, event_id: event, seats }: Row,
): Promise<void> {
  const viewer: Viewer = { userId: user, role: 'FAN', sessionId: user, tokenExpiresAt: new Date(8e15) };
  const record = { kind: 'cancel', user, booking, event, seats, from: instant() } as const;
  try {
    await cancelBooking(needs, viewer, { bookingId: booking });
    history.write({ ...record, to: instant(), outcome: 'ok' });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const outcome = error.code === 'TRY_AGAIN' ? 'unknown' : 'refused';
    history.write({ ...record, to: instant(), outcome, code: error.code });
  }
}
