import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#domain/errors.ts';
import { findRefundable, type Refunded, type RefundInput, refundAs } from '#domain/refunds/refund-tickets.ts';
import type { Chance } from './chance.ts';
import type { Acknowledged } from './fans.ts';
import { userIdOf } from './fixture.ts';
import type { History } from './history.ts';
import type { ApiProcess } from './processes.ts';
import { Actor } from './scheduler.ts';

type Needs = {
  readonly chance: Chance;
  readonly history: History;
  readonly acknowledged: readonly Acknowledged[];
  readonly call: <T>(caller: Actor, run: (api: ApiProcess) => Promise<T>) => Promise<T>;
  readonly isOpen: () => boolean;
};

const AUTHOR = { actor: { userId: userIdOf(-1) }, role: 'OWNER' } as const;
const MOST_TRIES = 3;

/** Refunds a ticket of a booking of several now and then, and asks again when an answer was lost. The booking goes on. */
export class Refunder {
  readonly actor = new Actor('refunder');
  readonly #needs: Needs;
  #refunds = 0;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async run(): Promise<void> {
    const { chance, isOpen } = this.#needs;
    for (;;) {
      await sleep(chance.between(300, 1500));
      if (!isOpen()) return;
      await this.#refund().catch(() => undefined);
    }
  }

  async #refund(): Promise<void> {
    const { chance, history, acknowledged, call } = this.#needs;
    const sold = acknowledged.filter(({ isConfirmed }) => isConfirmed);
    if (sold.length === 0) return;
    const { bookingId } = chance.pick(sold);
    const found = await call(this.actor, (api) => findRefundable(api.db, bookingId));
    const valid = (found?.tickets ?? []).filter(({ voidedAt }) => voidedAt === null);
    if (!found || valid.length < 2) return;
    const { id, seatNo } = chance.pick(valid);
    this.#refunds += 1;
    const input: RefundInput = {
      ...{ bookingId, ticketIds: [id], refundFees: chance.happens(0.5), reason: 'Ill' },
      seats: chance.happens(0.2) ? 'BLOCKED' : 'FREE',
      idempotencyKey: `refund ${this.#refunds}`,
    };
    for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
      const answer = await call(this.actor, (api) => refundAs(api, { found, author: AUTHOR }, input)).then(
        (done) => done,
        (error: unknown) => error as Error,
      );
      const told = nameOf(answer);
      history.add(`organizer refunds seat ${seatNo} of ${history.name(bookingId)} -> ${told}`);
      if (!(answer instanceof Error) || (answer instanceof DomainError && told !== 'TRY_AGAIN')) return;
      await sleep(chance.between(50, 400));
    }
  }
}

const nameOf = (answer: Refunded | Error): string => {
  if (!(answer instanceof Error)) return answer.refund.status;
  return answer instanceof DomainError ? answer.code : answer.name;
};
