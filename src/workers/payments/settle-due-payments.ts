import {
  type ClaimedPayment,
  claimDuePayments,
  type DueKind,
  findNextDueMs,
} from '#domain/payments/claim-due-payments.ts';
import { settlePayment } from '#domain/payments/settle-payment.ts';
import type { SettleNeeds, StepOutcome } from '#domain/payments/settle-step.ts';
import { openedInSets } from '#domain/payments/store-opened-sessions.ts';
import { type Origin, originOf } from '#events/origin.ts';
import { describeError } from '#observability/log.ts';
import { countStep } from '#observability/payment-metrics.ts';
import { traceIdOf } from '#observability/tracing.ts';
import { Bell } from '#shared/bell.ts';
import type { WorkerLog } from '#workers/run-worker.ts';
import { asPartOf } from '#workers/traced.ts';

export type Settler = {
  /** A payment may be due now. */
  wake(): void;
  /** How many further payments can be settled now. */
  room(): number;
  /** How long a claimed payment belongs to this process. */
  readonly leaseSeconds: number;
  /** Settles payments that are claimed for this process already. */
  take(claimed: readonly ClaimedPayment[]): void;
  /** Resolves when the signal was raised and every step under way has ended. */
  run(signal: AbortSignal): Promise<void>;
};

type Options = { kind: DueKind; concurrency: number; log: WorkerLog };

/** Payments that another process made due are found by looking, at most this much later. */
const LOOK_EVERY_MS = 500;
/**
 * While no payment is due: the process that makes the next one is woken; this look is for payments that it leaves
 * behind.
 */
const IDLE_LOOK_MS = 10_000;

const alarms: ReadonlySet<StepOutcome> = new Set<StepOutcome>([
  'GIVE_BACK',
  'CONTRADICTION',
  'SESSION_UNKNOWN',
  'REFUND_FAILED',
  'REFUND_REFUSED',
]);

/**
 * Settles the payments that wait for the gateway, some at a time. Two of these run in a process, so that what we owe
 * (a session, its end, a refund) never waits behind the many sessions that are only asked about.
 */
export function settleDuePayments(needs: SettleNeeds, { kind, concurrency, log }: Options): Settler {
  const underWay = new Set<Promise<void>>();
  const bell = new Bell();
  const all = { ...needs, storeOpened: needs.storeOpened ?? openedInSets(needs) };
  let running: AbortSignal | undefined;

  const settle = async (claimed: ClaimedPayment, signal: AbortSignal) => {
    const outcome = await settleOne(all, claimed, { kind, log, signal });
    // What it left to be done may be due soon. An open session is only asked about much later.
    if (outcome !== 'SESSION_OPENED') bell.ring();
  };

  const room = () => (running && !running.aborted ? Math.max(0, concurrency - underWay.size) : 0);
  const start = (claimed: readonly ClaimedPayment[], signal: AbortSignal) => {
    for (const payment of claimed) {
      const step = settle(payment, signal).finally(() => {
        // Due payments may wait for a free slot.
        if (underWay.size >= concurrency) bell.ring();
        underWay.delete(step);
      });
      underWay.add(step);
    }
  };

  /** Returns for how long no payment will be due. */
  const startDue = async (signal: AbortSignal): Promise<number> => {
    const limit = concurrency - underWay.size;
    if (limit === 0) return LOOK_EVERY_MS;
    // A look is cheaper than a claim, and mostly no payment is due.
    const dueInMs = await findNextDueMs(needs, kind);
    if (dueInMs === undefined) return IDLE_LOOK_MS;
    if (dueInMs > 0) return Math.min(dueInMs, LOOK_EVERY_MS);
    const claimed = await claimDuePayments(needs, { kind, limit });
    start(claimed, signal);
    // The remaining due payments belong to another process, or wait for a free slot of this one, which wakes it.
    return claimed.length === 0 || claimed.length === limit ? LOOK_EVERY_MS : 0;
  };

  return {
    wake: bell.ring,
    room,
    leaseSeconds: needs.policy.leaseSeconds,
    take: (claimed) => running && start(claimed, running),
    async run(signal) {
      running = signal;
      while (!signal.aborted) {
        bell.silence();
        const idleMs = await startDue(signal).catch((error: unknown) => {
          log.warn({ worker: `settle-${kind}`, error: String(error) }, 'due payments cannot be read');
          return LOOK_EVERY_MS;
        });
        await bell.within(Math.max(idleMs, 1), signal);
      }
      await Promise.all(underWay);
    },
  };
}

/** Makes one step and reports it. Returns undefined when it broke. */
async function settleOne(
  needs: SettleNeeds,
  claimed: ClaimedPayment,
  { kind, log, signal }: Pick<Options, 'kind' | 'log'> & { signal: AbortSignal },
): Promise<StepOutcome | undefined> {
  const startedMs = performance.now();
  const origin = originOf(claimed);
  const about = { worker: `settle-${kind}`, ...fieldsOf(claimed, origin) };
  try {
    const { step, ...result } = await asPartOf(origin, { name: `settle-${kind}`, kind: 'internal' }, () =>
      settlePayment(needs, claimed, signal),
    );
    countStep(step, result.outcome);
    const fields = { ...about, ...result, ms: Math.round(performance.now() - startedMs) };
    if (alarms.has(result.outcome)) log.error(fields, step);
    else if (result.outcome === 'UNKNOWN' || result.outcome === 'REFUND_WAITS') log.warn(fields, step);
    else log.info(fields, step);
    return result.outcome;
  } catch (error) {
    log.error({ ...about, ...describeError(error) }, 'step broke');
    return undefined;
  }
}

const fieldsOf = (claimed: ClaimedPayment, origin: Origin | undefined) => ({
  bookingId: claimed.bookingId,
  requestId: origin?.requestId,
  traceId: traceIdOf(origin?.traceparent),
  attempt: claimed.checks,
});
