import type { CallOptions, RecallingGateway } from './gateway.ts';

/**
 * Money that moved at the gateway. `REFUND_RETURNED`: the bank sent a refund back. `DISPUTE_RETURNED`: the shop won a
 * dispute whose money had been withdrawn.
 */
export type MovementKind = 'CAPTURE' | 'REFUND' | 'REFUND_RETURNED' | 'DISPUTE_WITHDRAWN' | 'DISPUTE_RETURNED';

export interface GatewayMovement {
  readonly kind: MovementKind;
  /** Of a capture: the session, or the payment where `paymentReference` is set. Otherwise the refund or the dispute. */
  readonly reference: string;
  /** Undefined when the provider's object does not name it; then `paymentReference` is set. */
  readonly bookingId?: string | undefined;
  readonly paymentReference?: string | undefined;
  /** The idempotency key of a refund of ours. */
  readonly key?: string | undefined;
  /** Positive, in minor units of the currency in which the fan paid. */
  readonly amountMinor: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
  readonly at: Date;
  /** What the gateway took for itself, in the currency of its balance; negative when it gave a fee back. */
  readonly fee?: { readonly amountMinor: number; readonly currency: string } | undefined;
}

export interface MovementPage {
  readonly movements: readonly GatewayMovement[];
  /** How many entries of the page belong to another shop of the account. */
  readonly foreign: number;
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

export interface ListMovements extends CallOptions {
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
  readonly cursor?: string | undefined;
}

/** Lists what the gateway did; both adapters have it. */
export interface ListingGateway extends RecallingGateway {
  /** One page of the money that moved between two instants, in any order, each movement once over all pages. */
  listMovements(search: ListMovements): Promise<MovementPage>;
}
