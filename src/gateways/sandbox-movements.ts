import { z } from 'zod';
import type { ListMovements, MovementPage } from '#domain/payments/gateway.ts';
import { gatewayName } from './signed-notice.ts';

const kinds = {
  capture: 'CAPTURE',
  refund: 'REFUND',
  refund_returned: 'REFUND_RETURNED',
  dispute_withdrawn: 'DISPUTE_WITHDRAWN',
  dispute_returned: 'DISPUTE_RETURNED',
} as const;

const movement = z.object({
  kind: z.enum(['capture', 'refund', 'refund_returned', 'dispute_withdrawn', 'dispute_returned']),
  reference: gatewayName,
  booking_id: gatewayName,
  amount_minor: z.int(),
  currency: z.string(),
  at: z.iso.datetime(),
  key: z.string().nullish(),
});

/** A page of `GET /v1/movements`. */
export const movementsAnswer = z.object({ data: z.array(movement), next_cursor: z.string().nullable() }).transform(
  ({ data, next_cursor: next }): MovementPage => ({
    movements: data.map(({ kind, reference, booking_id: bookingId, amount_minor: amountMinor, currency, at, key }) => ({
      ...{ kind: kinds[kind], reference, bookingId, amountMinor, currency },
      at: new Date(at),
      key: key ?? undefined,
    })),
    foreign: 0,
    nextCursor: next ?? undefined,
  }),
);

/** The path of a page, with its query. */
export function movementsPath({ from, to, cursor }: ListMovements): string {
  const query = new URLSearchParams({ from: from.toISOString(), to: to.toISOString(), limit: '500' });
  if (cursor !== undefined) query.set('cursor', cursor);
  return `/v1/movements?${query}`;
}
