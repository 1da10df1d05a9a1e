/**
 * Every place where a process can be made to die, by process. They stand where a death leaves something half done:
 * before and after a commit, between two stores, after an answer from outside. A scenario kills each process at each of
 * its own and looks at what is left, so a new one is tested by being here.
 */
export const failpoints = {
  api: [
    /** The booking's rows are written, and not committed. */
    'inventory.written',
    /** Committed; nobody has an answer, and Redis knows nothing of it. */
    'inventory.committed',
    'booking.cancelled',
    'waiting-room.joined',
  ],
  worker: [
    'inventory.written',
    'inventory.committed',
    /** A message's mark and its effect, not committed. */
    'inbox.marked',
    /** A message had its effect, and the group's position is where it was. */
    'message.handled',
    /** A message was given up and is not parked yet. */
    'message.given-up',
    'booking.session-recorded',
    /** Some of the holds that are over have ended. */
    'expiry.begun',
    /** The seat map in Redis is new, and nobody was told. */
    'push.applied',
    /** Locks are back, and the epoch that makes them count is not written. */
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
    /** A new slot, and what was written before it is not in the log. */
    'relay.slot-made',
    /** The outbox was appended again, and nobody knows. */
    'relay.outbox-appended',
  ],
} as const;

export type FailpointProcess = keyof typeof failpoints;
export type Failpoint = (typeof failpoints)[FailpointProcess][number];

let armed: string | undefined;

/**
 * Called by a process's composition root only, so nothing can die here unless whoever started the process asked for it.
 * @param env `FRONTROW_FAILPOINT` names one of the process's own; in production there is none
 * @throws Error on a name that the process does not have
 */
export function armFailpoint(process: FailpointProcess, env: Record<string, string | undefined>): void {
  const name = env.FRONTROW_FAILPOINT || undefined;
  const own: readonly string[] = failpoints[process];
  if (name !== undefined && env.FRONTROW_PROFILE === 'production')
    throw new Error('FRONTROW_FAILPOINT is for tests: in production no process may be told to die.');
  if (name !== undefined && !own.includes(name))
    throw new Error(`FRONTROW_FAILPOINT=${name}: ${process} has no such failpoint. It has: ${own.join(', ')}.`);
  armed = name;
}

/** A named place where a process under test dies as by `kill -9`. Does nothing unless this very name is armed. */
export function failpoint(name: Failpoint): void {
  if (armed === name) process.kill(process.pid, 'SIGKILL');
}
