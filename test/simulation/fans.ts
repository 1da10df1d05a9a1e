import { setTimeout as sleep } from 'node:timers/promises';
import type { Booking } from '#domain/booking/booking.ts';
import { findBooking } from '#domain/booking/booking-queries.ts';
import { cancelBooking } from '#domain/booking/cancel-booking.ts';
import { createBooking } from '#domain/booking/create-booking.ts';
import {
  CodeInvalid,
  CompanionWithoutPlace,
  LeavesSingleSeat,
  PriceChanged,
  SeatsUnavailable,
  TooManySeats,
} from '#domain/booking/errors.ts';
import { type QuoteSeatsRequest, quoteSeats } from '#domain/booking/quote-seats.ts';
import { DomainError, IdempotencyKeyReused, TryAgain } from '#domain/errors.ts';
import { isOutage } from '#domain/outages.ts';
import type { Quote } from '#domain/pricing/quote-rules.ts';
import type { Viewer } from '#domain/viewer.ts';
import type { Audit } from './audit.ts';
import type { Chance } from './chance.ts';
import { linesOf } from './choices.ts';
import { CODE, eventIdOf, userIdOf } from './fixture.ts';
import type { GatewayServer } from './gateway-server.ts';
import type { History } from './history.ts';
import type { Plant } from './plants.ts';
import type { ApiProcess } from './processes.ts';
import type { Actor } from './scheduler.ts';
import type { Settings } from './settings.ts';

/** The call got no answer in time; it may have been carried out. */
export class NoAnswer extends Error {}

export type FanNeeds = {
  readonly chance: Chance;
  readonly settings: Settings;
  readonly plants: ReadonlySet<Plant>;
  readonly audit: Audit;
  readonly history: History;
  readonly gateway: GatewayServer;
  /** Over a network that loses calls, to some api process. Throws NoAnswer. */
  readonly call: <T>(fan: Actor, run: (api: ApiProcess) => Promise<T>) => Promise<T>;
  readonly isOpen: () => boolean;
  readonly isRedisUp: () => boolean;
  readonly acknowledged: Acknowledged[];
};

/** The acknowledgements to a fan, which must stay true. */
export type Acknowledged = { readonly bookingId: string; readonly key: string; isConfirmed: boolean };

type Purchase = {
  readonly bookingId: string;
  readonly expiresAtMs: number;
  /** The newest version that the fan has seen: no later read may show an older one. */
  seen: number;
  readonly acknowledged: Acknowledged;
};

/** Refusals of the edge with a time after which the same request may be sent again. */
const isUnknown = (error: unknown): boolean =>
  error instanceof NoAnswer || error instanceof TryAgain || isOutage(error);

const deeds = [
  'pay',
  'pay',
  'pay',
  'pay late',
  'pay by the link in a mail of the gateway',
  'decline',
  'cancel',
  'vanish',
  'pay and cancel',
  'pay and cancel',
] as const;
const MOST_TRIES = 12;

/** Buys again and again while the sale is on. */
export class Fan {
  readonly actor: Actor;
  readonly #viewer: Viewer;
  readonly #needs: FanNeeds;
  readonly #copies = new Map<string, Booking>();
  #requests = 0;
  #told: number | undefined;
  /** In the middle of a purchase that the fan will finish. */
  isBusy = false;

  constructor(actor: Actor, index: number, needs: FanNeeds) {
    this.actor = actor;
    this.#viewer = { userId: userIdOf(index), role: 'FAN' } as Viewer;
    this.#needs = needs;
  }

  async run(): Promise<void> {
    const { chance, isOpen } = this.#needs;
    await sleep(chance.between(0, 1500));
    while (isOpen()) {
      this.isBusy = true;
      await this.#buyOnce();
      this.isBusy = false;
      await sleep(chance.between(20, 900));
    }
  }

  async #buyOnce(): Promise<void> {
    const { chance, history } = this.#needs;
    const purchase = await this.#hold();
    if (!purchase) return;
    const deed = chance.pick(deeds);
    history.add(`${this.actor.name} will ${deed} ${history.name(purchase.bookingId)}`);
    if (deed === 'vanish') return;
    if (deed === 'cancel') {
      await sleep(chance.between(0, 2000));
      await this.#cancel(purchase);
      return;
    }
    const isMailed = deed === 'pay by the link in a mail of the gateway';
    const url = await (isMailed ? this.#mail(purchase) : this.#whereToPay(purchase));
    if (url === undefined) return;
    const leftMs = purchase.expiresAtMs - Date.now();
    await sleep(
      deed === 'pay late'
        ? leftMs + chance.between(-150, 700)
        : chance.between(isMailed ? 0 : 50, isMailed ? 30 : 1500),
    );
    const isTaken = this.#needs.gateway.decide(url, deed === 'decline' ? 'decline' : 'pay');
    history.add(`${this.actor.name} ${deed} ${history.name(purchase.bookingId)} ${isTaken}`);
    if (!isTaken) return;
    const end = await this.#end(purchase, deed !== 'decline');
    if (deed === 'pay and cancel' && end === 'CONFIRMED') await this.#cancel(purchase);
  }

  async #hold(): Promise<Purchase | undefined> {
    const { chance, settings, audit, history } = this.#needs;
    const count = chance.pick([1, 1, 2, 2, 3]);
    const first = Math.min(this.#told ?? chance.whole(0, settings.seats), settings.seats - count);
    this.#told = undefined;
    const eventId = eventIdOf(chance.whole(0, settings.events - 1));
    this.#requests += 1;
    const { lines, kind } = linesOf(chance, { first, count, seats: settings.seats });
    const key = `${this.actor.name}-${this.#requests}-${kind}`;
    const codes = chance.happens(0.4) ? [CODE] : undefined;
    const request = { eventId, lines, idempotencyKey: key, codes };
    const agreed: Quote[] = await this.#price(request);
    const what = `${this.actor.name} hold ${key} seats ${first}+${count}`;
    for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
      if (attempt > 1) audit.reach('same key sent again');
      if (!this.#needs.isRedisUp()) audit.reach('redis away during a hold');
      try {
        const { booking, replayed } = await this.#call((api) =>
          createBooking(api, this.#viewer, { ...request, quoteHash: agreed.at(-1)?.hash }),
        );
        history.add(`${what} -> ${history.name(booking.id)} ${booking.status}${replayed ? ' replayed' : ''}`);
        this.#checkPrice(booking, agreed);
        return this.#held(booking, key);
      } catch (error) {
        if (!this.#isWorthAnother(error, { what, agreed })) return undefined;
      }
      await sleep(chance.between(100, 1200));
    }
    return undefined;
  }

  /** Half of the fans look at the price first, and then pay this price or none. */
  async #price(request: QuoteSeatsRequest): Promise<Quote[]> {
    if (this.#needs.chance.happens(0.5)) return [];
    const answer = await this.#call((api) => quoteSeats(api, request)).catch(() => undefined);
    return answer ? [answer.quote] : [];
  }

  #agreeTo({ quote }: PriceChanged, agreed: Quote[]): true {
    const { audit, history } = this.#needs;
    audit.reach('price changed before a hold');
    history.add(`${this.actor.name} agrees to ${quote.totalMinor} instead of ${agreed.at(-1)?.totalMinor}`);
    audit.expect(quote.hash !== agreed.at(-1)?.hash, 'PRICE', () => `the quote ${quote.hash} is said to have changed`);
    agreed.push(quote);
    return true;
  }

  /** A repeated request may be answered with the booking of an earlier try, at the price of that try. */
  #checkPrice({ id, totalMinor }: Booking, agreed: readonly Quote[]): void {
    const { audit, history } = this.#needs;
    const totals = agreed.map((quote) => quote.totalMinor);
    audit.expect(totals.length === 0 || totals.includes(totalMinor), 'PRICE', () => {
      return `${history.name(id)} costs ${totalMinor}, and the fan agreed to ${totals.join(' or ')}`;
    });
  }

  /** A refusal is an answer; after any other error the request may be sent again with the same key. */
  #isWorthAnother(error: unknown, { what, agreed }: { what: string; agreed: Quote[] }): boolean {
    const { audit, history } = this.#needs;
    if (error instanceof PriceChanged) return this.#agreeTo(error, agreed);
    const answer = error instanceof DomainError ? error.code : (error as Error).constructor.name;
    history.add(`${what} -> ${answer}`);
    if (isUnknown(error)) return true;
    if (error instanceof SeatsUnavailable) this.#refused(error);
    else if (error instanceof CodeInvalid) audit.reach('code used up');
    else if (error instanceof LeavesSingleSeat) audit.reach('single seat refused');
    else if (error instanceof CompanionWithoutPlace) audit.reach('companion seat refused');
    else if (error instanceof IdempotencyKeyReused) audit.broken('I13', `${what}: its own key is said to be reused`);
    else if (!(error instanceof TooManySeats)) audit.broken('API', `${what}: ${String((error as Error).stack)}`);
    return false;
  }

  /** A fan who gets alternatives goes there, like all other fans who got them. */
  #refused({ alternatives }: SeatsUnavailable): void {
    this.#needs.audit.reach('double booking attempt refused');
    this.#told = this.#needs.chance.pick([...alternatives, [undefined]])[0];
  }

  #held(booking: Booking, key: string): Purchase | undefined {
    const { acknowledged, audit } = this.#needs;
    const known = acknowledged.find((one) => one.key === key);
    audit.expect((known?.bookingId ?? booking.id) === booking.id, 'H2', () => `${key} was answered with two bookings`);
    const acknowledgement = known ?? { bookingId: booking.id, key, isConfirmed: false };
    if (!known) acknowledged.push(acknowledgement);
    if (booking.status !== 'PENDING_PAYMENT') return undefined;
    const expiresAtMs = booking.holdExpiresAt.getTime();
    return { bookingId: booking.id, expiresAtMs, seen: Number(booking.version), acknowledged: acknowledgement };
  }

  async #read(purchase: Purchase): Promise<Booking | undefined> {
    const { audit, history } = this.#needs;
    const read = (api: ApiProcess) => findBooking(api.db, this.#viewer, purchase.bookingId);
    const now = await this.#call(read).catch(() => null);
    if (now === null) return undefined;
    const booking = this.#old(now);
    const name = history.name(purchase.bookingId);
    if (!booking) {
      audit.broken('D1', `${name} was acknowledged and is gone`);
      return undefined;
    }
    const version = Number(booking.version);
    audit.expect(version >= purchase.seen, 'H3', () => `${name} was seen at ${purchase.seen}, then at ${version}`);
    purchase.seen = Math.max(purchase.seen, version);
    if (booking.status === 'CONFIRMED') purchase.acknowledged.isConfirmed = true;
    return booking;
  }

  /** What a reader of a lagging replica would see, if reads went there. */
  #old(booking: Booking | undefined): Booking | undefined {
    if (!booking || !this.#needs.plants.has('reads are older than what was acknowledged')) return booking;
    const first = this.#copies.get(booking.id) ?? booking;
    this.#copies.set(booking.id, first);
    return this.#needs.chance.happens(0.3) ? first : booking;
  }

  async #whereToPay(purchase: Purchase): Promise<string | undefined> {
    for (;;) {
      const booking = await this.#read(purchase);
      if (booking && booking.status !== 'PENDING_PAYMENT') return undefined;
      if (booking?.paymentStatus === 'SESSION_CREATED') return booking.paymentUrl ?? undefined;
      await sleep(this.#needs.chance.between(150, 600));
    }
  }

  /**
   * The gateway knows the session before Frontrow does: a fan who pays at once does so before Frontrow gets the
   * answer to its own call.
   */
  async #mail(purchase: Purchase): Promise<string | undefined> {
    for (;;) {
      const url = this.#needs.gateway.urlOf(purchase.bookingId);
      if (url !== undefined) return url;
      const booking = await this.#read(purchase);
      if (booking && booking.status !== 'PENDING_PAYMENT') return undefined;
      await sleep(this.#needs.chance.between(5, 60));
    }
  }

  /** Until the money has become tickets or was refunded. */
  async #end(purchase: Purchase, isPaid: boolean): Promise<string> {
    for (;;) {
      const booking = await this.#read(purchase);
      if (booking?.status === 'CONFIRMED') return 'CONFIRMED';
      if (!isPaid && booking && booking.status !== 'PENDING_PAYMENT') return 'OVER';
      if (booking?.paymentStatus === 'REFUNDED' || booking?.status === 'FAILED') return 'OVER';
      if (booking?.status === 'CANCELLED' && booking.paymentStatus !== 'REFUND_PENDING') return 'OVER';
      await sleep(this.#needs.chance.between(200, 900));
    }
  }

  async #cancel(purchase: Purchase): Promise<void> {
    const { chance, history } = this.#needs;
    const { bookingId } = purchase;
    for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
      const answer = await this.#call((api) => cancelBooking(api, this.#viewer, { bookingId })).then(
        ({ booking }) => booking.status,
        (error: Error) => error,
      );
      const told = typeof answer === 'string' ? answer : answer.constructor.name;
      history.add(`${this.actor.name} cancel ${history.name(bookingId)} -> ${told}`);
      if (typeof answer === 'string') purchase.acknowledged.isConfirmed = false;
      if (typeof answer === 'string' || !isUnknown(answer)) return;
      await sleep(chance.between(100, 1000));
    }
  }

  #call<T>(run: (api: ApiProcess) => Promise<T>): Promise<T> {
    return this.#needs.call(this.actor, run);
  }
}
