import { GatewayRefused, type ListingGateway, type PaymentGateway } from '#domain/payments/gateway.ts';
import { currentOrigin } from '#events/origin.ts';
import { countGatewayCall, expectGatewayCalls, type GatewayResult } from '#observability/payment-metrics.ts';
import { followTrace } from '#observability/tracing.ts';

const calls = [
  'openSession',
  'findSessionsByBooking',
  'getSession',
  'expireSession',
  'findBookingOfPayment',
  'refund',
  'listMovements',
] as const;

type Listing = PaymentGateway & Pick<ListingGateway, 'listMovements'>;

export type ObservedGateway = Listing & {
  /** Why the last call got no answer or our key was refused; undefined after an answer, and before the first call. */
  failure(): unknown;
};

/** Returns the same gateway with each of its calls counted and timed. */
export function observeGateway(gateway: Listing): ObservedGateway {
  let failure: unknown;
  expectGatewayCalls(calls);
  const observe =
    <Args extends unknown[], T>(name: (typeof calls)[number], call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      const startedMs = performance.now();
      const span = followTrace(`gateway ${name}`, { kind: 'client', parent: currentOrigin()?.traceparent });
      let result: GatewayResult = 'unknown';
      try {
        const answer = await call(...args);
        result = 'ok';
        failure = undefined;
        return answer;
      } catch (error) {
        if (error instanceof GatewayRefused) result = 'refused';
        const isAnswer = error instanceof GatewayRefused && error.code !== 'UNAUTHORIZED';
        failure = isAnswer ? undefined : error;
        throw error;
      } finally {
        span.end({ failed: result !== 'ok', attributes: { gateway: gateway.name, result } });
        countGatewayCall(name, result, (performance.now() - startedMs) / 1000);
      }
    };
  return {
    name: gateway.name,
    openSession: observe('openSession', (request) => gateway.openSession(request)),
    findSessionsByBooking: observe('findSessionsByBooking', (search) => gateway.findSessionsByBooking(search)),
    getSession: observe('getSession', (reference, options) => gateway.getSession(reference, options)),
    expireSession: observe('expireSession', (reference, options) => gateway.expireSession(reference, options)),
    findBookingOfPayment: observe('findBookingOfPayment', (reference, options) =>
      gateway.findBookingOfPayment(reference, options),
    ),
    refund: observe('refund', (request) => gateway.refund(request)),
    listMovements: observe('listMovements', (search) => gateway.listMovements(search)),
    verifyNotice: (...delivery) => gateway.verifyNotice(...delivery),
    failure: () => failure,
  };
}
