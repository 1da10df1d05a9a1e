import { setTimeout as sleep } from 'node:timers/promises';
import { setPrices } from '#domain/catalog/set-prices.ts';
import { DomainError } from '#domain/errors.ts';
import type { Chance } from './chance.ts';
import { eventIdOf, pricesOf, userIdOf } from './fixture.ts';
import type { History } from './history.ts';
import type { ApiProcess } from './processes.ts';
import { Actor } from './scheduler.ts';
import type { Settings } from './settings.ts';

type Needs = {
  readonly chance: Chance;
  readonly settings: Settings;
  readonly history: History;
  readonly call: <T>(caller: Actor, run: (api: ApiProcess) => Promise<T>) => Promise<T>;
  readonly isOpen: () => boolean;
};

/** Sets other prices again and again while fans buy. */
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
      await sleep(chance.between(400, 4000));
      if (!isOpen()) return;
      const eventId = eventIdOf(chance.whole(0, settings.events - 1));
      const prices = pricesOf({ faceMinor: 100 * chance.whole(20, 90), perBookingMinor: chance.pick([0, 35, 90]) });
      const set = call(this.actor, (api) => setPrices(api, actor, { eventId, ...prices }));
      const answer = await set.then(
        () => 'set',
        (error: unknown) => (error instanceof DomainError ? error.code : (error as Error).constructor.name),
      );
      const [level] = prices.priceLevels;
      history.add(`organizer sets prices from ${level?.prices[0]?.amountMinor} -> ${answer}`);
    }
  }
}
