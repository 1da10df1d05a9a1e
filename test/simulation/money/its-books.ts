import type { GatewayRefund } from '#domain/payments/gateway.ts';
import type { DisputeStatus } from '#domain/payments/record-dispute.ts';

type Notice =
  | { readonly id: string; readonly kind: 'PAID' | 'REFUNDS' }
  | { readonly id: string; readonly kind: 'DISPUTE'; readonly status: DisputeStatus; readonly amountMinor: number };

/** The gateway's own books of one payment, and the notices that it has sent. */
export class ItsBooks {
  capturedMinor = 0;
  readonly refunds: {
    refundReference: string;
    amountMinor: number;
    status: GatewayRefund['status'];
    key: string | undefined;
  }[] = [];
  readonly notices: Notice[] = [];
  dispute: { status: DisputeStatus; amountMinor: number } | undefined;

  capture(minor: number): void {
    this.capturedMinor = minor;
    this.#tell({ kind: 'PAID' });
  }

  /** Undefined: refused. The same key returns the same refund. */
  refund(key: string | undefined, amountMinor: number, status: GatewayRefund['status']): GatewayRefund | undefined {
    const known = key !== undefined && this.refunds.find((refund) => refund.key === key);
    if (known) return known;
    if (amountMinor < 1 || amountMinor > this.leftMinor) return undefined;
    const made = { refundReference: `re_${this.refunds.length + 1}`, amountMinor, status, key };
    this.refunds.push(made);
    this.#tell({ kind: 'REFUNDS' });
    return { ...made };
  }

  change(index: number, status: 'SUCCEEDED' | 'FAILED'): void {
    const refund = this.refunds[index];
    if (!refund || refund.status === 'FAILED') return;
    refund.status = status;
    this.#tell({ kind: 'REFUNDS' });
  }

  moveDispute(status: DisputeStatus, amountMinor = this.dispute?.amountMinor ?? 0): void {
    this.dispute = { status, amountMinor };
    this.#tell({ kind: 'DISPUTE', status, amountMinor });
  }

  /** Neither refunded nor disputed. */
  get leftMinor(): number {
    return this.keptMinor - this.#sum('PENDING');
  }

  /** The money of this payment that the gateway has. */
  get keptMinor(): number {
    const taken = this.dispute && /OPEN|LOST/.test(this.dispute.status) ? this.dispute.amountMinor : 0;
    return this.capturedMinor - this.#sum('SUCCEEDED') - taken;
  }

  seen(): GatewayRefund[] {
    return this.refunds.map((refund) => ({ ...refund }));
  }

  #sum(status: GatewayRefund['status']): number {
    let sum = 0;
    for (const refund of this.refunds) if (refund.status === status) sum += refund.amountMinor;
    return sum;
  }

  #tell(notice: { kind: 'PAID' | 'REFUNDS' } | { kind: 'DISPUTE'; status: DisputeStatus; amountMinor: number }): void {
    this.notices.push({ id: `evt_${this.notices.length + 1}`, ...notice });
  }
}
