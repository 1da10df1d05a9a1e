import { creditsOf, type RefundableLine } from '#domain/payments/credit-lines.ts';
import type { GatewayRefund } from '#domain/payments/gateway.ts';
import { failedFirst, isMadeAnyway, isUnknown, match } from '#domain/payments/gateway-refunds.ts';
import { judgeSession } from '#domain/payments/payment-rules.ts';
import { type DisputeStatus, isNews, stepsOfDispute } from '#domain/payments/record-dispute.ts';
import { type Extent, takenOf, undoing } from '#domain/payments/refund-statements.ts';
import type { SplitLine } from '#events/contracts.ts';

type Line = { readonly account: string; readonly minor: number };

export type OurRefund = {
  readonly id: string;
  status: 'PENDING' | 'SUCCEEDED' | 'FAILED';
  readonly amountMinor: number;
  gatewayReference: string | null;
  failureReason: string | null;
  readonly lines: readonly { lineNo: number; minor: number }[];
  readonly asked: readonly Line[];
};

type Terms = { readonly currency: string; readonly totalMinor: number; readonly split: readonly SplitLine[] };

/** The rows of one payment, as the statements of the payments service keep them; the rules are those of the service. */
export class OurBooks {
  readonly refunds: OurRefund[] = [];
  readonly balances = new Map<string, number>();
  readonly broken: string[] = [];
  capturedMinor = 0;
  inDoubt = false;
  readonly #terms: Terms;
  readonly #lines: {
    lineNo: number;
    account: string;
    name: string | null;
    seatNo: number | null;
    paidMinor: number;
    refundedMinor: number;
  }[] = [];
  readonly #disputes = new Map<string, { status: DisputeStatus; amountMinor: number }>();
  readonly #entries = new Set<string>();
  readonly #notices = new Set<string>();

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  get pending(): OurRefund[] {
    return this.refunds.filter(({ status }) => status === 'PENDING');
  }

  /** The inbox. */
  hasHandled(noticeId: string): boolean {
    return this.#notices.has(noticeId);
  }

  handled(noticeId: string): void {
    this.#notices.add(noticeId);
  }

  sessionIs(paidMinor: number): void {
    const { totalMinor: amountMinor, currency } = this.#terms;
    const books = {
      ...{
        status: this.capturedMinor > 0 ? ('PAYMENT_SUCCESS' as const) : ('SESSION_CREATED' as const),
        amountMinor,
        currency,
      },
      ...{ capturedMinor: this.capturedMinor, capturedCurrency: this.capturedMinor > 0 ? currency : null },
    };
    if (judgeSession(books, { status: 'PAID', capturedMinor: paidMinor, currency }) !== 'SUCCEED') return;
    this.capturedMinor = paidMinor;
    const credits = creditsOf(this.#terms.split);
    for (const [index, { account, name, seat, minor }] of credits.entries())
      this.#lines.push({
        lineNo: index + 1,
        account,
        name: name ?? null,
        seatNo: seat ?? null,
        paidMinor: minor,
        refundedMinor: 0,
      });
    this.#enter('CAPTURE', [
      { account: 'gateway_clearing', minor: paidMinor },
      ...credits.map(({ account, minor }) => ({ account, minor: -minor })),
    ]);
  }

  askForRefund(id: string, of: Extent, gatewayReference: string | null = null): OurRefund | undefined {
    if (this.capturedMinor === 0 || this.refunds.some((refund) => refund.id === id)) return undefined;
    const lines = this.#refundable();
    const taken = takenOf(lines, of, this.#disputedMinor());
    const amountMinor = taken?.reduce((sum, { minor }) => sum + minor, 0) ?? 0;
    if (!taken || amountMinor === 0) return undefined;
    const asked = [
      { account: 'refunds_in_flight', minor: -amountMinor },
      ...taken.map(({ lineNo, minor }) => ({
        account: lines.find((one) => one.lineNo === lineNo)?.account ?? '',
        minor,
      })),
    ];
    const refund: OurRefund = {
      id,
      status: 'PENDING',
      amountMinor,
      gatewayReference,
      failureReason: null,
      lines: taken,
      asked,
    };
    this.#addToLines(taken, 1);
    this.#enter(`REFUND_ASKED ${id}`, asked);
    this.refunds.push(refund);
    return refund;
  }

  refundDone(refund: OurRefund, reference: string | null): void {
    if (refund.status !== 'PENDING') return;
    refund.status = 'SUCCEEDED';
    refund.gatewayReference = reference ?? refund.gatewayReference;
    this.#enter(`REFUND_DONE ${refund.id}`, doneLines(refund));
  }

  refundFailed(refund: OurRefund, why: string): void {
    if (refund.status === 'FAILED') return;
    const entered = [...refund.asked, ...(refund.status === 'SUCCEEDED' ? doneLines(refund) : [])];
    refund.status = 'FAILED';
    refund.failureReason = why;
    this.#addToLines(refund.lines, -1);
    this.#enter(`REFUND_UNDONE ${refund.id}`, undoing(entered));
  }

  /** Brings the refunds up to date with those of the gateway. */
  gatewayHas(seen: readonly GatewayRefund[]): void {
    for (const one of failedFirst(seen)) {
      const ours = match(this.refunds, one);
      if (!ours || isMadeAnyway(ours, one)) this.#adopt(one);
      else if (one.status === 'FAILED') this.refundFailed(ours, 'GATEWAY_FAILED');
      else if (one.status === 'SUCCEEDED') this.refundDone(ours, one.refundReference);
      else ours.gatewayReference ??= one.refundReference;
    }
  }

  /** Refused for good: refunds of the dashboard take the place of ours. */
  refused(refund: OurRefund, seen: readonly GatewayRefund[]): void {
    this.gatewayHas(seen);
    const unknown = seen.filter((one) => isUnknown(this.refunds, one));
    if (refund.status !== 'PENDING') return;
    if (unknown.length === 0) {
      if (refund.amountMinor > this.#reach()) this.refundFailed(refund, 'CHARGED_BACK');
      return;
    }
    const same = unknown.find(
      ({ status, amountMinor }) => status === 'SUCCEEDED' && amountMinor === refund.amountMinor,
    );
    if (same) this.refundDone(refund, same.refundReference);
    else {
      this.refundFailed(refund, 'MADE_AT_GATEWAY');
      this.gatewayHas(seen);
    }
  }

  /** False: the capture is not known, so the notice waits. */
  dispute(id: string, status: DisputeStatus, amountMinor: number): boolean {
    if (this.capturedMinor === 0) {
      this.inDoubt = true;
      return false;
    }
    const before = this.#disputes.get(id)?.status;
    if (!isNews(before, status)) return true;
    this.#disputes.set(id, { status, amountMinor });
    for (const [kind, debit, credit] of stepsOfDispute(before, status))
      this.#enter(`${kind} ${id}`, [
        { account: debit, minor: amountMinor },
        { account: credit, minor: -amountMinor },
      ]);
    if (status === 'LOST')
      for (const refund of this.pending.filter(({ gatewayReference }) => gatewayReference === null)) {
        this.refundFailed(refund, 'CHARGED_BACK');
        this.inDoubt = true;
      }
    return true;
  }

  #adopt(seen: GatewayRefund): void {
    if (seen.status === 'FAILED') return;
    const id = `adopted ${seen.refundReference}`;
    const refund = this.askForRefund(id, { exactMinor: seen.amountMinor }, seen.refundReference);
    if (refund && seen.status === 'SUCCEEDED') this.refundDone(refund, seen.refundReference);
  }

  #refundable(): RefundableLine[] {
    return this.#lines.map(({ refundedMinor, ...line }) => ({ ...line, leftMinor: line.paidMinor - refundedMinor }));
  }

  /** What a bank has not taken for good, and did not go back. */
  #reach(): number {
    let reach = this.capturedMinor;
    for (const { status, amountMinor } of this.refunds) if (status === 'SUCCEEDED') reach -= amountMinor;
    for (const { status, amountMinor } of this.#disputes.values()) if (status === 'LOST') reach -= amountMinor;
    return reach;
  }

  #disputedMinor(): number {
    let sum = 0;
    for (const { status, amountMinor } of this.#disputes.values())
      if (status === 'OPEN' || status === 'LOST') sum += amountMinor;
    return sum;
  }

  /** The check of refundable_lines. */
  #addToLines(taken: OurRefund['lines'], sign: 1 | -1): void {
    for (const { lineNo, minor } of taken) {
      const line = this.#lines[lineNo - 1];
      if (!line) continue;
      line.refundedMinor += sign * minor;
      if (line.refundedMinor < 0 || line.refundedMinor > line.paidMinor)
        this.broken.push(`M3  line ${lineNo}: ${line.refundedMinor} of ${line.paidMinor} went back`);
    }
  }

  /** The primary key and the constraint trigger of the journal. */
  #enter(id: string, lines: readonly Line[]): void {
    if (this.#entries.has(id)) this.broken.push(`M4  ${id} is entered twice`);
    this.#entries.add(id);
    let sum = 0;
    for (const { account, minor } of lines) {
      sum += minor;
      this.balances.set(account, (this.balances.get(account) ?? 0) + minor);
    }
    if (sum !== 0) this.broken.push(`M1  ${id} sums to ${sum}`);
  }
}

const doneLines = ({ amountMinor }: OurRefund): Line[] => [
  { account: 'refunds_in_flight', minor: amountMinor },
  { account: 'gateway_clearing', minor: -amountMinor },
];
