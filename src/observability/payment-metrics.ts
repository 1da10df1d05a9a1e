import { counter, histogram } from './metrics.ts';
import { type Sampler, sampledMetrics } from './samplers.ts';

const calls = counter({
  name: 'frontrow_gateway_calls_total',
  help: 'Calls of the payment gateway: ok, refused (a definite no), or unknown (no answer; the call may have acted).',
  labelNames: ['call', 'result'],
});
const callDurations = histogram({
  name: 'frontrow_gateway_call_duration_seconds',
  help: 'How long the gateway took to answer, or how long this process waited before it gave up.',
  labelNames: ['call'],
});
const steps = counter({
  name: 'frontrow_settlement_steps_total',
  help: 'Steps that were taken for a payment at the gateway, by their outcome.',
  labelNames: ['step', 'outcome'],
});
const notices = counter({
  name: 'frontrow_notices_total',
  help: "Webhook deliveries by what came of them: applied, known, waiting, foreign, unknown and so on; REJECTED (not the gateway's), NOT_KEPT (answered 503).",
  labelNames: ['outcome'],
});
export type GatewayResult = 'ok' | 'refused' | 'unknown';
export type PaymentBacklog = {
  readonly refunds: number;
  readonly oldestRefundSeconds: number;
  readonly due: number;
  readonly oldestDueSeconds: number;
  readonly waitingNotices: number;
  readonly differences: number;
};

const sampled = sampledMetrics<PaymentBacklog>([
  {
    name: 'frontrow_refunds_pending',
    help: 'Refunds that have not arrived yet.',
    value: (backlog) => backlog.refunds,
  },
  {
    name: 'frontrow_oldest_refund_pending_age_seconds',
    help: 'How long the oldest refund has been under way; 0 without a refund.',
    value: (backlog) => backlog.oldestRefundSeconds,
  },
  {
    name: 'frontrow_payments_due',
    help: 'Payments for which a call of the gateway is due by now.',
    value: (backlog) => backlog.due,
  },
  {
    name: 'frontrow_oldest_payment_due_age_seconds',
    help: 'How long the payment that is due for longest has been due; 0 without a due payment.',
    value: (backlog) => backlog.oldestDueSeconds,
  },
  {
    name: 'frontrow_notices_waiting',
    help: 'Notices that were stored and match no payment yet.',
    value: (backlog) => backlog.waitingNotices,
  },
  {
    name: 'frontrow_reconciliation_differences',
    help: "Differences between our books and the gateway's list that the last comparison of their day found.",
    value: (backlog) => backlog.differences,
  },
]);

export function countGatewayCall(call: string, result: GatewayResult, seconds: number): void {
  calls.inc({ call, result });
  callDurations.observe({ call }, seconds);
}

/** Each series exists before the first call. */
export function expectGatewayCalls(names: readonly string[]): void {
  for (const call of names) for (const result of ['ok', 'refused', 'unknown']) calls.inc({ call, result }, 0);
}

export const countStep = (step: string, outcome: string): void => steps.inc({ step, outcome });
export const countNotice = (outcome: string): void => notices.inc({ outcome });

export const paymentSampler = (read: () => Promise<PaymentBacklog>): Sampler => sampled({ name: 'payments', read });
