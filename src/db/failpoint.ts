/**
 * Every place where a process can be made to die, by process. They are where a death leaves work half done: before
 * and after a commit, between two stores, after an external response. A scenario kills each process at each of its
 * places and checks what is left, so a new place is tested as soon as it is listed here.
 */
export const failpoints = {
  api: [
    /** The booking's rows are written, and not committed. */
    'inventory.written',
    /** Committed; no caller has a response, and Redis has nothing of it. */
    'inventory.committed',
    'booking.cancelled',
    /** An event is cancelled; its waiting room goes on, and the worker does not know. */
    'event.cancelled',
    'waiting-room.joined',
  ],
  worker: [
    'inventory.written',
    'inventory.committed',
    /** A message's mark and its effect, not committed. */
    'inbox.marked',
    /** A message had its effect, and the group's position has not moved. */
    'message.handled',
    /** A message was given up and is not parked yet. */
    'message.given-up',
    'booking.session-recorded',
    /** Some of the overdue holds have ended. */
    'expiry.begun',
    /** This process has the job of a cancelled event, and has ended none of its bookings. */
    'cancellation.claimed',
    /** Some bookings of a cancelled event have ended, and the cursor has not moved. */
    'cancellation.batch-ended',
    'cancellation.cursor-moved',
    /** The seat map in Redis is new, and no watcher was notified. */
    'push.applied',
    /** The locks are restored, and the epoch that makes them count is not written. */
    'seat-locks.restored',
    'waiting-room.ticked',
  ],
  payments: [
    'inbox.marked',
    'message.handled',
    'message.given-up',
    'payments.row-stored',
    'payments.session-answered',
    'payments.session-stored',
    /** A notice is written: alone and committed, or with others and not committed. */
    'payments.notice-stored',
    'payments.notice-applied',
    'payments.closing-stored',
    'payments.session-closed',
    'payments.refund-stored',
    'payments.refund-answered',
  ],
  relay: [
    /** Received from the slot, and not in the log. */
    'relay.received',
    /** In the log, and not acknowledged. */
    'relay.appended',
    /** A new slot, and earlier rows are not in the log. */
    'relay.slot-made',
    /** The outbox was appended again, and that is not recorded. */
    'relay.outbox-appended',
  ],
} as const;

export type FailpointProcess = keyof typeof failpoints;
export type Failpoint = (typeof failpoints)[FailpointProcess][number];

let armed: string | undefined;

/**
 * Only a process's composition root calls it, so a process dies here only when its starter asked for that.
 * @param env `FRONTROW_FAILPOINT` names one of the process's failpoints; it is unset in production
 * @throws Error for a name that the process does not have
 */
export function armFailpoint(process: FailpointProcess, env: Record<string, string | undefined>): void {
  const name = env.FRONTROW_FAILPOINT || undefined;
  const own: readonly string[] = failpoints[process];
  if (name !== undefined && env.FRONTROW_PROFILE === 'production')
    throw new Error('FRONTROW_FAILPOINT is for tests. It cannot be set in production, because it kills the process.');
  if (name !== undefined && !own.includes(name))
    throw new Error(`FRONTROW_FAILPOINT=${name}: ${process} has no such failpoint. It has: ${own.join(', ')}.`);
  armed = name;
}

/** A named place where a process under test dies as by `kill -9`. Does nothing unless this name is armed. */
export function failpoint(name: Failpoint): void {
  if (armed === name) process.kill(process.pid, 'SIGKILL');
}
