import { createHash } from 'node:crypto';
import { creditsOf } from '#domain/payments/credit-lines.ts';
import type { SplitLine } from '#events/contracts.ts';
import { Chance } from '../chance.ts';
import { ItsBooks } from './its-books.ts';
import { OurBooks, type OurRefund } from './our-books.ts';

export type MoneyRun = {
  readonly payments: number;
  /** Per currency: what we have in gateway_clearing, and what the gateway has. */
  readonly totals: ReadonlyMap<string, { ours: number; gateways: number; trial: number }>;
  readonly reached: ReadonlyMap<string, number>;
  /** Promises that were broken, the first of each payment. */
  readonly broken: readonly string[];
  readonly hash: string;
};

const CURRENCIES = ['EUR', 'USD', 'JPY', 'KWD', 'TND', 'ISK', 'IDR', 'CHF', 'HUF', 'BHD'];
const MOST_BROKEN = 20;

/** So many payments, one after the other, each with its own faults; the same seed gives the same hash. */
export function simulateMoney(seed: number, payments: number): MoneyRun {
  const chance = new Chance(seed, 'money');
  const totals = new Map(CURRENCIES.map((currency) => [currency, { ours: 0, gateways: 0, trial: 0 }]));
  const reached = new Map<string, number>();
  const broken: string[] = [];
  const hash = createHash('sha256');
  for (let index = 0; index < payments && broken.length < MOST_BROKEN; index++) {
    const one = new OnePayment(chance, (path) => reached.set(path, (reached.get(path) ?? 0) + 1));
    one.live();
    const { currency, ours, its } = one;
    const sums = totals.get(currency);
    const clearing = ours.balances.get('gateway_clearing') ?? 0;
    if (sums) {
      sums.ours += clearing;
      sums.gateways += its.keptMinor;
      for (const minor of ours.balances.values()) sums.trial += minor;
    }
    const [
      first = clearing === its.keptMinor ? undefined : `M5  ${clearing} in our books, ${its.keptMinor} at the gateway`,
    ] = ours.broken;
    if (first) broken.push(`${first} (payment ${index + 1}, ${currency})`);
    hash.update(`${currency} ${JSON.stringify([...ours.balances])} ${its.notices.length}\n`);
  }
  return { payments, totals, reached, broken, hash: hash.digest('hex').slice(0, 16) };
}

/** One booking's money from its payment to its end. */
class OnePayment {
  readonly currency: string;
  readonly ours: OurBooks;
  readonly its = new ItsBooks();
  readonly #chance: Chance;
  readonly #reach: (path: string) => void;
  readonly #split: SplitLine[];
  readonly #totalMinor: number;
  #told = 0;
  #asked = 0;
  #lost: number[] = [];

  constructor(chance: Chance, reach: (path: string) => void) {
    this.#chance = chance;
    this.#reach = reach;
    this.currency = chance.pick(CURRENCIES);
    this.#split = Array.from({ length: chance.whole(1, 4) }, (_, seatNo) => this.#lineOf(seatNo));
    this.#totalMinor = this.#split.reduce(
      (sum, { faceMinor, fees, taxes }) =>
        sum +
        faceMinor +
        fees.reduce((all, [, minor]) => all + minor, 0) +
        taxes.reduce((all, [, minor, inclusive]) => all + (inclusive ? 0 : minor), 0),
      0,
    );
    this.ours = new OurBooks({ currency: this.currency, totalMinor: this.#totalMinor, split: this.#split });
  }

  live(): void {
    this.its.capture(this.#totalMinor);
    const steps = this.#chance.whole(1, 14);
    for (let step = 0; step < steps; step++) this.#step();
    this.#comeToRest();
  }

  #lineOf(seatNo: number): SplitLine {
    const faceMinor = this.#chance.whole(1, 20_000);
    const fee = this.#chance.whole(0, 700);
    const isInclusive = this.#chance.happens(0.5);
    const inFees = isInclusive ? Math.floor(fee / 10) : 0;
    const tax = isInclusive ? Math.floor(faceMinor / 10) + inFees : this.#chance.whole(0, 300);
    return {
      seatNo,
      faceMinor,
      fees: fee > 0 ? [['Fee', fee]] : [],
      taxes: tax > 0 ? [['VAT', tax, isInclusive, inFees]] : [],
    };
  }

  #step(): void {
    const { its } = this;
    const left = its.leftMinor;
    const roll = this.#chance.whole(0, 19);
    if (roll < 6) this.#deliver();
    else if (roll < 10) this.#settle();
    else if (roll < 12) this.#askForPart();
    else if (roll === 12) this.#ask('cancelled', 'WHOLE');
    else if (roll === 13 && left > 1) this.#dashboard('part at the dashboard', this.#chance.whole(1, left));
    else if (roll === 14) this.#dashboard('whole at the dashboard', left);
    else if (roll === 15) this.#failLater();
    else if (roll === 16) this.#dispute(left);
    else if (roll === 17) this.#endDispute();
    else this.#deliverAgain();
  }

  #askForPart(): void {
    const parts = creditsOf([this.#chance.pick(this.#split)]);
    this.#ask('part', { parts, atMostMinor: parts.reduce((sum, { minor }) => sum + minor, 0) });
  }

  #ask(path: string, of: Parameters<OurBooks['askForRefund']>[1]): void {
    if (this.ours.askForRefund(`${++this.#asked}`, of)) this.#reach(path);
  }

  #dashboard(path: string, minor: number): void {
    if (this.its.refund(undefined, minor, 'SUCCEEDED')) this.#reach(path);
  }

  #failLater(): void {
    if (this.its.refunds.length === 0) return;
    this.its.change(this.#chance.whole(0, this.its.refunds.length - 1), 'FAILED');
    this.#reach('refund failed later');
  }

  #dispute(left: number): void {
    if (this.its.dispute || left < 1) return;
    this.its.moveDispute(
      this.#chance.happens(0.3) ? 'INQUIRY' : 'OPEN',
      this.#chance.happens(0.5) ? left : this.#chance.whole(1, left),
    );
    this.#reach('dispute');
  }

  #endDispute(): void {
    const { dispute } = this.its;
    if (!dispute || dispute.status === 'WON' || dispute.status === 'LOST') return;
    const isOpen = dispute.status === 'OPEN';
    // An inquiry takes the money only while it is there.
    const isHollow = !isOpen && dispute.amountMinor > this.its.leftMinor;
    const status = this.#chance.pick(
      isOpen ? (['WON', 'LOST'] as const) : ([isHollow ? 'WON' : 'OPEN', 'WON'] as const),
    );
    this.its.moveDispute(status);
    this.#reach(`dispute ${status}`);
  }

  /** The next notice: it comes, or is lost, or comes later than those after it. */
  #deliver(): void {
    if (this.#told >= this.its.notices.length) return;
    const index = this.#told++;
    if (this.#chance.happens(0.3)) {
      this.#lost.push(index);
      this.#reach('notice lost or late');
    } else this.#receive(index);
  }

  #deliverAgain(): void {
    if (this.#told === 0) return;
    this.#receive(this.#chance.whole(0, this.#told - 1));
    this.#reach('notice repeated');
  }

  #receive(index: number): void {
    const notice = this.its.notices[index];
    // A process may die between the notice and its mark, so the rules must bear a repeat as well.
    if (!notice || (this.ours.hasHandled(notice.id) && this.#chance.happens(0.5))) return;
    if (notice.kind === 'DISPUTE') {
      if (!this.ours.dispute('dp', notice.status, notice.amountMinor)) return void this.#lost.push(index);
    } else if (notice.kind === 'PAID') this.ours.sessionIs(this.its.capturedMinor);
    else this.ours.inDoubt = true;
    this.ours.handled(notice.id);
  }

  /** What a claimed payment does: the gateway is asked, or makes the refunds that are under way. */
  #settle(): void {
    if (this.ours.inDoubt) this.#look();
    else for (const refund of this.ours.pending) if (!this.#make(refund)) return;
  }

  #look(): void {
    this.ours.inDoubt = false;
    this.ours.sessionIs(this.its.capturedMinor);
    this.ours.gatewayHas(this.its.seen());
  }

  #make(refund: OurRefund): boolean {
    if (this.#chance.happens(0.1)) return this.#unknown();
    if (refund.gatewayReference !== null) {
      const index = this.its.refunds.findIndex(({ refundReference }) => refundReference === refund.gatewayReference);
      if (this.its.refunds[index]?.status === 'PENDING')
        this.its.change(index, this.#chance.happens(0.2) ? 'FAILED' : 'SUCCEEDED');
      this.#look();
      return true;
    }
    const status = this.#chance.pick(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'PENDING', 'FAILED'] as const);
    const made = this.its.refund(`refund:${refund.id}`, refund.amountMinor, status);
    if (this.#chance.happens(0.1)) return this.#unknown();
    if (made) {
      this.ours.gatewayHas([made]);
      this.ours.inDoubt ||= made.status === 'FAILED';
    } else {
      this.ours.refused(refund, this.its.seen());
      this.#reach('refund refused');
    }
    return true;
  }

  #unknown(): false {
    this.#reach('unknown result');
    return false;
  }

  /** Notices that were lost are sent again, disputes end, and what is under way is done. */
  #comeToRest(): void {
    while (this.its.dispute && /INQUIRY|OPEN/.test(this.its.dispute.status)) this.#endDispute();
    for (let round = 0; round < 60; round++) {
      for (const index of this.#lost.splice(0).reverse()) this.#receive(index);
      while (this.#told < this.its.notices.length) this.#receive(this.#told++);
      const isQuiet = this.#lost.length === 0 && !this.ours.inDoubt && this.ours.pending.length === 0;
      if (isQuiet) return;
      this.#settle();
    }
    this.ours.broken.push('L  work is left');
  }
}
