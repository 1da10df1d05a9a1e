import { setTimeout as sleep } from 'node:timers/promises';
import { type SellInput, sellAt } from '#domain/allocation/sell-at-box-office.ts';
import type { Booking } from '#domain/booking/booking.ts';
import type { BookingLine } from '#domain/booking/booking-lines.ts';
import { quoteSeats } from '#domain/booking/quote-seats.ts';
import { DomainError } from '#domain/errors.ts';
import type { Quote } from '#domain/pricing/quote-rules.ts';
import { tenders } from '#domain/tender-rules.ts';
import type { Audit } from './audit.ts';
import type { Chance } from './chance.ts';
import { linesOf } from './choices.ts';
import type { Acknowledged } from './fans.ts';
import { eventIdOf, ORGANIZATION, PLAN_ID, userIdOf } from './fixture.ts';
import type { History } from './history.ts';
import type { ApiProcess } from './processes.ts';
import { Actor } from './scheduler.ts';
import type { Settings } from './settings.ts';

type Needs = {
  readonly chance: Chance;
  readonly settings: Settings;
  readonly history: History;
  readonly audit: Audit;
  readonly acknowledged: Acknowledged[];
  readonly call: <T>(caller: Actor, run: (api: ApiProcess) => Promise<T>) => Promise<T>;
  readonly isOpen: () => boolean;
};

const nameOf = (answer: Booking | Error): string => {
  if (!(answer instanceof Error)) return answer.status;
  return answer instanceof DomainError ? answer.code : answer.name;
};

const SELLER = { userId: userIdOf(99_999) };
const MOST_TRIES = 3;

/** Sells some seats now and then, most of them at a quote, and sends a sale again whose answer was lost. */
export class BoxOffice {
  readonly actor = new Actor('box-office');
  readonly #needs: Needs;
  #sales = 0;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async run(): Promise<void> {
    const { chance, isOpen } = this.#needs;
    for (;;) {
      await sleep(chance.between(300, 2500));
      if (!isOpen()) return;
      await this.#sell();
    }
  }

  async #sell(): Promise<void> {
    const { chance, settings, history, audit, acknowledged, call } = this.#needs;
    const eventId = eventIdOf(chance.whole(0, settings.events - 1));
    const count = chance.whole(1, 2);
    const first = chance.whole(0, settings.seats - count);
    const { lines, kind } = linesOf(chance, { first, count, seats: settings.seats });
    this.#sales += 1;
    const idempotencyKey = `sale ${this.#sales}`;
    const tender = chance.pick(tenders);
    const quote = tender === 'COMPLIMENTARY' ? undefined : await this.#quote(eventId, lines);
    const holder = { name: 'Ann' };
    const input: SellInput = { eventId, lines, tender, holder, quoteHash: quote?.hash, idempotencyKey };
    const event = {
      eventId,
      organizationId: ORGANIZATION,
      planId: PLAN_ID,
      currency: 'USD',
      status: 'PUBLISHED',
      poolIsReleased: false,
    };
    const author = { actor: SELLER, role: 'BOX_OFFICE' } as const;
    for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
      const answer = await call(this.actor, (api) => sellAt(api, { event, author }, input)).then(
        ({ booking }) => booking,
        (error: unknown) => error as Error,
      );
      const told = nameOf(answer);
      history.add(`the box office sells ${kind} ${first}+${count} for ${input.tender} -> ${told}`);
      if (!(answer instanceof Error)) {
        audit.reach('sold at the box office');
        acknowledged.push({ bookingId: answer.id, key: idempotencyKey, isConfirmed: true });
        const { totalMinor } = answer;
        audit.expect(!quote || quote.totalMinor === totalMinor, 'B1', () => {
          return `${history.name(answer.id)} was quoted ${quote?.totalMinor}, and costs ${totalMinor}`;
        });
        return;
      }
      if (told === 'SEATS_UNAVAILABLE') audit.reach('sale of a taken seat refused');
      if (told === 'PRICE_CHANGED') audit.reach('price changed before a sale');
      if (answer instanceof DomainError && told !== 'TRY_AGAIN') return;
      await sleep(chance.between(50, 400));
    }
  }

  /** The customer of most sales thinks about the price for a moment. */
  async #quote(eventId: string, lines: readonly BookingLine[]): Promise<Quote | undefined> {
    const { chance, call } = this.#needs;
    if (chance.happens(0.3)) return undefined;
    const quoted = await call(this.actor, (api) => quoteSeats(api, { eventId, lines })).catch(() => undefined);
    await sleep(chance.between(200, 2000));
    return quoted?.quote;
  }
}
