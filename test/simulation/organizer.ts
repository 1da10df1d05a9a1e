import { setTimeout as sleep } from 'node:timers/promises';
import { allocateAt } from '#domain/allocation/set-allocation.ts';
import { setPrices } from '#domain/catalog/set-prices.ts';
import { DomainError } from '#domain/errors.ts';
import type { Author } from '#domain/organization/audit-statements.ts';
import type { Audit } from './audit.ts';
import type { Chance } from './chance.ts';
import { eventIdOf, ORGANIZATION, PLAN_ID, pricesOf, seatIdOf, userIdOf } from './fixture.ts';
import type { History } from './history.ts';
import type { ApiProcess } from './processes.ts';
import { Actor } from './scheduler.ts';
import type { Settings } from './settings.ts';

type Needs = {
  readonly chance: Chance;
  readonly settings: Settings;
  readonly history: History;
  readonly audit: Audit;
  readonly call: <T>(caller: Actor, run: (api: ApiProcess) => Promise<T>) => Promise<T>;
  readonly isOpen: () => boolean;
};

/** Sets other prices, and gives seats to an allocation, again and again while fans buy. */
export class Organizer {
  readonly actor = new Actor('organizer');
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async run(): Promise<void> {
    const { chance, settings, history, call, isOpen } = this.#needs;
    const actor = { userId: userIdOf(-1) };
    for (;;) {
      await sleep(chance.between(200, 2000));
      if (!isOpen()) return;
      const eventId = eventIdOf(chance.whole(0, settings.events - 1));
      if (chance.happens(0.5)) {
        await this.#allocate(eventId);
        continue;
      }
      const prices = pricesOf({
        faceMinor: 100 * chance.whole(20, 90),
        perBookingMinor: chance.pick([0, 35, 90]),
        seats: settings.seats,
      });
      const set = call(this.actor, (api) => setPrices(api, actor, { eventId, ...prices }));
      const answer = await set.then(
        () => 'set',
        (error: unknown) => (error instanceof DomainError ? error.code : (error as Error).constructor.name),
      );
      const [level] = prices.priceLevels;
      history.add(`organizer sets prices from ${level?.prices[0]?.amountMinor} -> ${answer}`);
    }
  }

  /** Up to four seats for a few seconds, or back to the public. */
  async #allocate(eventId: string): Promise<void> {
    const { chance, settings, history, call, audit } = this.#needs;
    const count = chance.whole(1, 4);
    const first = chance.whole(0, settings.seats - count);
    const seatIds = Array.from({ length: count }, (_, offset) => seatIdOf(first + offset));
    const isForAll = chance.happens(0.2);
    const lastsMs = chance.between(1000, 12_000);
    const event = {
      eventId,
      organizationId: ORGANIZATION,
      planId: PLAN_ID,
      currency: 'USD',
      status: 'PUBLISHED',
      poolIsReleased: false,
    };
    const author = { actor: { userId: userIdOf(-1) }, role: 'OWNER' } as Author;
    const releaseAt = isForAll ? undefined : new Date((await this.#nowMs(eventId)) + lastsMs);
    const input = { eventId, seats: { seatIds }, allocation: isForAll ? null : 'house', releaseAt };
    const answer = await call(this.actor, (api) => allocateAt(api, { event, author }, input)).then(
      ({ changed }) => changed,
      (error: unknown) => (error instanceof DomainError ? error.code : (error as Error).constructor.name),
    );
    if (answer === 'SEATS_UNAVAILABLE') audit.reach('allocation of a taken seat refused');
    if (typeof answer === 'number' && answer > 0) audit.reach('seats given to an allocation');
    history.add(`organizer gives ${first}+${count} to ${input.allocation ?? 'the public'} -> ${answer}`);
  }

  /** By the database's clock: those of the processes are wrong by minutes. */
  async #nowMs(eventId: string): Promise<number> {
    const sale = await this.#needs.call(this.actor, (api) => api.writer.sales.find(eventId)).catch(() => undefined);
    return sale?.nowMs() ?? Date.now();
  }
}
