import { type HoardingLimit, openHoardingCounter } from './hoarding-metrics.ts';
import { counter, histogram } from './metrics.ts';

export type Transport = 'http' | 'sse' | 'websocket';

const operations = counter({
  name: 'frontrow_operations_total',
  help: 'GraphQL operations by root field and outcome: ok, or the code of the refusal or error. A subscription counts when it starts or fails to start.',
  labelNames: ['transport', 'operation', 'outcome'],
});
const durations = histogram({
  name: 'frontrow_operation_duration_seconds',
  help: 'Time from the request to the answer of a GraphQL operation, or to the start of a subscription.',
  labelNames: ['transport', 'operation'],
});
const holds = counter({
  name: 'frontrow_holds_total',
  help: 'Attempts to hold seats by result: HELD, REPLAYED (the same key again), the code of the refusal, or FAILED.',
  labelNames: ['result'],
});

export type OperationMetrics = {
  operated(done: { transport: Transport; operation: string; outcome: string; seconds: number }): void;
  /** Counts a result of `createBooking`. */
  readonly held: (result: string) => void;
  /** A limit on hoarding has refused a hold. */
  readonly hoarded: (limit: HoardingLimit) => void;
};

/** `refusals`: the errors with which a hold may be refused, so that each series exists before the first refusal. */
export function openOperationMetrics(refusals: readonly { readonly name: string }[]): OperationMetrics {
  for (const result of ['HELD', 'REPLAYED', 'FAILED', ...refusals.map(codeOf)]) holds.inc({ result }, 0);
  return {
    operated({ transport, operation, outcome, seconds }) {
      operations.inc({ transport, operation, outcome });
      durations.observe({ transport, operation }, seconds);
    },
    held: (result) => holds.inc({ result }),
    hoarded: openHoardingCounter(),
  };
}

/** `SeatsUnavailable` has the code `SEATS_UNAVAILABLE`, and so on. */
const codeOf = ({ name }: { readonly name: string }): string => name.replace(/(?<!^)[A-Z]/g, '_$&').toUpperCase();
