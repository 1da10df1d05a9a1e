import { randomUUID } from 'node:crypto';
import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { EVENT_CANCELLATIONS_CHANNEL, eventChannel } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { TryAgain } from '../errors.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import { endRoomOfCancelledEvent } from '../waiting-room/end-waiting-room.ts';
import {
  type CancellationJob,
  claimJob,
  endPass,
  moveCursor,
  nextJobInMs,
  readLiveBookings,
  releaseJob,
} from './job-statements.ts';

type Needs = {
  readonly db: Db;
  readonly redis: Redis;
  readonly writer: Pick<InventoryWriter, 'submit'>;
  /** Bookings between two moves of the cursor. Default 128: one write of the inventory writer takes as many commands. */
  readonly batchSize?: number;
};

/** The process that has a job loses it after so many seconds without a batch. */
const LEASE_SECONDS = 5;
const BATCH = 128;
/** How many ids are read at once. */
const CHUNK = 5_000;
/** After a store was away. */
const SOON_SECONDS = 1;
/** After bookings that could not be ended: the cause is a defect, which a person corrects. */
const LATER_SECONDS = 60;
const PATIENT = { deadlineMs: 30_000 };

/**
 * Ends the bookings of every cancelled event whose job no other process has: each with its own message, which asks for the
 * refund. Any number of processes may run it, and each may be killed at any instant: a job goes on at its cursor, and a
 * booking that has ended stays as it is. Returns in how many milliseconds the next job can be taken, undefined without one.
 * Throws the first error when a job could not go on; the others were done before.
 */
export async function runCancellations(needs: Needs, signal?: AbortSignal): Promise<{ nextInMs: number | undefined }> {
  const owner = randomUUID();
  const errors: unknown[] = [];
  let nextInMs = await nextJobInMs(needs.db);
  while (nextInMs !== undefined && nextInMs <= 0 && !signal?.aborted) {
    const job = await claimJob(needs.db, { owner, leaseSeconds: LEASE_SECONDS });
    if (job) await runPass(needs, { ...job, owner }, signal).catch((error: unknown) => errors.push(error));
    nextInMs = await nextJobInMs(needs.db);
  }
  if (errors.length > 0) throw errors[0];
  return { nextInMs };
}

/** Calls `wake` when an event was cancelled, in any process. Returns the function that ends that. */
export function onCancelledEvent({ pubsub }: { readonly pubsub: PubSub }, wake: () => void): () => void {
  const subscribed = pubsub.subscribe(EVENT_CANCELLATIONS_CHANNEL, wake).catch(() => undefined);
  return () => void subscribed.then((id) => id !== undefined && pubsub.unsubscribe(id));
}

type Pass = CancellationJob & { readonly owner: string };

async function runPass(needs: Needs, pass: Pass, signal: AbortSignal | undefined): Promise<void> {
  failpoint('cancellation.claimed');
  const { db, redis } = needs;
  try {
    await endRoomOfCancelledEvent(needs, pass.eventId);
    const failures = await endBookings(needs, pass, signal);
    // Another process has the job, or this one ends.
    if (!failures) return;
    await endPass(db, pass, { failed: failures.length, againSeconds: LATER_SECONDS });
    if (failures.length > 0) throw failures[0];
    await redis.publish(eventChannel(pass.eventId), pass.eventId).catch(() => undefined);
  } finally {
    // Without effect when the pass has ended.
    await releaseJob(db, pass, SOON_SECONDS).catch(() => undefined);
  }
}

/** Returns the errors of the bookings that could not be ended; undefined when the pass did not come to its end. */
async function endBookings(
  needs: Needs,
  pass: Pass,
  signal: AbortSignal | undefined,
): Promise<readonly unknown[] | undefined> {
  const failures: unknown[] = [];
  const { batchSize = BATCH } = needs;
  let { cursor } = pass;
  for (;;) {
    const ids = await readLiveBookings(needs.db, { eventId: pass.eventId, cursor }, CHUNK);
    if (ids.length === 0) return failures;
    for (let from = 0; from < ids.length; from += batchSize) {
      if (signal?.aborted) return undefined;
      const batch = ids.slice(from, from + batchSize);
      failures.push(...(await endBatch(needs, pass, batch)));
      failpoint('cancellation.batch-ended');
      cursor = batch.at(-1) ?? cursor;
      if (cursor === null || !(await moveCursor(needs.db, pass, { cursor, leaseSeconds: LEASE_SECONDS })))
        return undefined;
      failpoint('cancellation.cursor-moved');
    }
  }
}

/** Returns the errors of bookings that cause them. Throws TryAgain when the batch must be repeated. */
async function endBatch({ writer }: Needs, { eventId, refundFees }: Pass, ids: readonly string[]): Promise<unknown[]> {
  const answers = await Promise.allSettled(
    ids.map(async (bookingId) => {
      const command = { kind: 'release', reason: 'EVENT_CANCELLED', bookingId, refundFees } as const;
      const answer = await writer.submit(eventId, command, PATIENT);
      if (answer.kind !== 'released') throw new Error(`The booking ${bookingId} was not ended: ${answer.kind}.`);
    }),
  );
  const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
  const passing = failures.find((failure) => failure instanceof TryAgain);
  if (passing) throw passing;
  return failures;
}
