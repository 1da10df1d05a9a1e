import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { counterOf } from '#domain/counter-rules.ts';
import { type Tender, tenders } from '#domain/tender-rules.ts';
import { GraphqlClient } from '#test/fans/lean-graphql.ts';
import { type Random, seededRandom, seedFor } from '#test/fans/random.ts';
import { type BookingState, instant, type SaleAnswer } from '../history.ts';
import { type AgreedQuote, linesOf, quoteQuery, type Result, rawId, type Wish } from '../recorded-fan.ts';
import { judge } from './judge.ts';
import { ROUND_MS } from './organizer-plan.ts';
import type { Seller } from './seller.ts';
import { untilKnown } from './until-known.ts';
import { saleAt } from './wishes.ts';

const sell = `mutation Sell($input: SellAtBoxOfficeInput!) { sellAtBoxOffice(input: $input) {
  ... on SellAtBoxOfficeSuccess { booking { id status total { amountMinor } seats { seat { seatNo } } } }
  ... on Refusal { code retry { afterSeconds } } } }`;

/** What is sold is never given back, so a hot event sells little here. */
const HOT_SHARE = 0.02;
/** Another price than the quoted one, or seats that are taken. */
const mayBeRefused = ['SEATS_UNAVAILABLE', 'PRICE_CHANGED'];

type Sale = Wish & { readonly key: string; readonly tender: Tender };

/** A desk of the box office: sells at one event over GraphQL, also while its sale is paused. */
export class BoxOffice {
  readonly #seller: Seller;
  readonly #random: Random;
  readonly #client = new GraphqlClient();
  readonly #beganAt = instant();
  #turn: number;

  constructor(seller: Seller, desk: number) {
    this.#seller = seller;
    this.#turn = seller.index + desk;
    this.#random = seededRandom(seedFor(seller.config.seed, `desk ${desk} of box office ${seller.index}`));
  }

  async run(): Promise<void> {
    const { phase, stage } = this.#seller;
    while (!phase.isFinishing) {
      if (!stage.isHot || this.#random.chance(HOT_SHARE)) await this.#sell();
      await sleep(ROUND_MS / 2 + this.#random.below(ROUND_MS));
    }
    this.#client.close();
  }

  async #sell(): Promise<void> {
    const { stage, config, notebook } = this.#seller;
    const wish = saleAt(stage, this.#random, { seed: config.seed, beganAt: this.#beganAt });
    const tender = this.#random.pick(tenders);
    const agreed = tender === 'COMPLIMENTARY' ? undefined : await this.#quote(wish);
    const sale = { ...wish, ...(agreed && { agreed }), tender, key: randomUUIDv7() };
    const attempt = () => this.#attempt(sale);
    await untilKnown({ tally: notebook.tally, name: `the sale ${sale.key}`, attempt, mayBeRefused });
  }

  /** Undefined when the API did not say: then the sale is made at the price of its moment. */
  async #quote(wish: Wish): Promise<AgreedQuote | undefined> {
    const { stage } = this.#seller;
    const variables = { eventId: `Event_${stage.eventId}`, lines: linesOf({ ...wish, of: stage }) };
    const result = await this.#ask('quote', quoteQuery, variables);
    const quote = result.data?.quote as { hash: string; total: { amountMinor: number } } | undefined;
    return quote && { hash: quote.hash, totalMinor: quote.total.amountMinor };
  }

  async #attempt(sale: Sale): Promise<Result> {
    const { config, notebook, stage } = this.#seller;
    const { key, tender, agreed, seatNos, places } = sale;
    const from = instant();
    const result = await this.#ask('sale', sell, { input: inputOf(sale, stage) });
    const { outcome, code } = result;
    const answer = outcome === 'ok' ? answerOf(result) : undefined;
    const user = counterOf({ userId: config.userId });
    notebook.history.write({
      ...{
        kind: 'sale',
        user,
        key,
        event: stage.eventId,
        seats: seatNos,
        count: places?.count ?? seatNos.length,
        tender,
      },
      ...(agreed && { agreedMinor: agreed.totalMinor }),
      ...{ from, to: instant(), outcome, ...(code !== undefined && { code }) },
      ...(answer && { answer }),
    });
    if (answer)
      void notebook.acks.write({
        at: instant(),
        what: 'confirmed',
        booking: answer.booking,
        user,
        event: stage.eventId,
      });
    return result;
  }

  async #ask(name: 'quote' | 'sale', query: string, variables: object): Promise<Result> {
    const { config, notebook, token } = this.#seller;
    const port = config.ports[this.#turn++ % config.ports.length] ?? 0;
    const result = judge(await this.#client.ask(port, { token, query, variables }), notebook.tally);
    notebook.tally.count(`box office ${name}`, result.outcome, result.code);
    return result;
  }
}

function inputOf(sale: Sale, stage: { readonly eventId: string; readonly planId: string }): object {
  const { tender, key, agreed } = sale;
  return {
    eventId: `Event_${stage.eventId}`,
    lines: linesOf({ ...sale, of: stage }),
    ...{ tender, idempotencyKey: key, ...(agreed && { quoteHash: agreed.hash }) },
  };
}

function answerOf({ data = {} }: Result): SaleAnswer {
  const { booking } = data.sellAtBoxOffice as {
    booking: {
      id: string;
      status: BookingState;
      total: { amountMinor: number };
      seats: { seat: { seatNo: number } }[];
    };
  };
  return {
    booking: rawId(booking.id),
    status: booking.status,
    seats: booking.seats.map(({ seat }) => seat.seatNo),
    totalMinor: booking.total.amountMinor,
  };
}
