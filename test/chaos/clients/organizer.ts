import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAccessTokens } from '#domain/account/access-tokens.ts';
import { GraphqlClient } from '#test/fans/lean-graphql.ts';
import { type Random, seededRandom, seedFor } from '#test/fans/random.ts';
import { instant, type OrganizerAct, type Outcome, wallToInstant } from '../history.ts';
import type { Result } from '../recorded-fan.ts';
import { BoxOffice } from './box-office.ts';
import { judge } from './judge.ts';
import { ROUND_MS, type Round, roundAt, roundOf } from './organizer-plan.ts';
import type { Stage } from './protocol.ts';
import { RefundDesk } from './refund-desk.ts';
import { runClients } from './run-clients.ts';
import type { OrganizerConfig, Seller } from './seller.ts';
import { untilKnown } from './until-known.ts';

/**
 * An organizer who changes the sale of events over GraphQL while fans buy, who refunds tickets and cancels one
 * event, and a box office at each of these events.
 */
runClients<OrganizerConfig>(async (config, notebook, phase) => {
  const tokens = openAccessTokens({ privateKey: config.tokenPrivateKey });
  const { token } = await tokens.issue({ userId: config.userId, role: 'ORGANIZER', sessionId: randomUUIDv7() });
  const stages = config.stages.filter(({ isOrganized }) => isOrganized);
  const sellers = stages.map((stage, index): Seller => ({ config, notebook, phase, token, stage, index }));
  const desks = Array.from({ length: DESKS }, (_, desk) => desk);
  const refundDesk = new RefundDesk({ config, notebook, phase, token, index: 0 });
  await Promise.all([
    ...sellers.flatMap((seller) => [new Lane(seller).run(), ...desks.map((desk) => new BoxOffice(seller, desk).run())]),
    refundDesk.run(),
  ]);
});

const DESKS = 2;

const refusal = '... on Refusal { code retry { afterSeconds } }';
const documents = {
  allocate: `mutation Allocate($input: SetAllocationInput!) { setAllocation(input: $input) { ... on SetAllocationSuccess { changed } ${refusal} } }`,
  codes: `mutation Codes($input: CreateCodesInput!) { createCodes(input: $input) { ... on CreateCodesSuccess { codes } ${refusal} } }`,
  prices: `mutation Prices($input: SetPricesInput!) { setPrices(input: $input) { __typename ${refusal} } }`,
  pause: `mutation Pause($input: EventInput!) { pauseSales(input: $input) { __typename ${refusal} } }`,
  resume: `mutation Resume($input: EventInput!) { resumeSales(input: $input) { __typename ${refusal} } }`,
} as const;

/** Before the seats of a round may go back to the public. */
const ROUNDS_KEPT = 3;
/** The shortest pause, and the longest one beyond it. */
const PAUSE_MS = 1_000;
const MOST_EXTRA_MS = 4_000;

function mayBeRefused(act: OrganizerAct): readonly string[] {
  if (act.act !== 'allocate') return [];
  // The time at which it ends may be over when a slow process reads it.
  return act.releaseAt === undefined ? ['SEATS_UNAVAILABLE'] : ['SEATS_UNAVAILABLE', 'INVALID_INPUT'];
}

class Lane {
  readonly #parts: Seller;
  readonly #random: Random;
  readonly #client = new GraphqlClient();
  readonly #beganAt = instant();
  readonly #allocated: (readonly number[])[] = [];
  #hasPaused = false;
  #turn: number;

  constructor(parts: Seller) {
    this.#parts = parts;
    this.#turn = parts.index;
    this.#random = seededRandom(seedFor(parts.config.seed, `organizer ${parts.index}`));
  }

  async run(): Promise<void> {
    const { phase, config, stage } = this.#parts;
    // A slow round leaves out the next ones, because fans know by the clock which round it is.
    for (let number = 0; !phase.isFinishing; number = Math.max(number + 1, roundAt(this.#beganAt))) {
      await this.#round(roundOf(config.seed, stage, number));
      await sleep(Math.max(0, this.#beganAt + (number + 1) * ROUND_MS - instant()));
    }
    this.#client.close();
  }

  async #round(round: Round): Promise<void> {
    const isAllocated = await this.#allocate(round);
    await this.#makeCode(round, isAllocated);
    if (this.#random.chance(0.5)) await this.#setPrices(round);
    if (!this.#hasPaused || this.#random.chance(0.3)) await this.#pause();
    this.#allocated.push(round.seatNos);
    const seats = this.#allocated.length > ROUNDS_KEPT && this.#allocated.shift();
    if (seats && this.#random.chance(0.3)) await this.#act({ act: 'allocate', name: null, seats });
  }

  async #allocate({ name, seatNos, lastsMs }: Round): Promise<boolean> {
    const isTimed = lastsMs > 0 && instant() - this.#beganAt < this.#parts.config.endsForMs;
    const act = { act: 'allocate', name, seats: seatNos } as const;
    // To the millisecond, as it is sent.
    const releaseAt = isTimed ? Date.now() + lastsMs + wallToInstant : undefined;
    return (await this.#act(releaseAt === undefined ? act : { ...act, releaseAt })) === 'ok';
  }

  async #makeCode({ name, code, uses, percent }: Round, isAllocated: boolean): Promise<void> {
    const opens = isAllocated ? [name] : [];
    const discount = isAllocated ? percent : Math.max(percent, 10);
    await this.#act({ act: 'codes', codes: [code], opens, percent: discount, uses });
  }

  async #setPrices({ number }: Round): Promise<void> {
    await this.#act({ act: 'prices', edition: `Edition ${number} of ${this.#parts.index}` });
  }

  /** So long that fans who are answered as slowly as the organizer can ask and get their answer within it. */
  async #pause(): Promise<void> {
    this.#hasPaused = true;
    const from = instant();
    await this.#act({ act: 'pause' });
    await sleep(PAUSE_MS + Math.min(2 * (instant() - from), MOST_EXTRA_MS));
    await this.#act({ act: 'resume' });
  }

  /** Until the outcome is known: sends the same request again after every failure, to the other process. */
  async #act(act: OrganizerAct): Promise<Outcome | undefined> {
    const { tally } = this.#parts.notebook;
    const attempt = () => this.#attempt(act);
    const name = `the organizer's ${act.act}`;
    const known = await untilKnown({ tally, name, attempt, mayBeRefused: mayBeRefused(act) });
    return known?.outcome;
  }

  async #attempt(act: OrganizerAct): Promise<Result> {
    const { config, notebook, stage, token } = this.#parts;
    const port = config.ports[this.#turn++ % config.ports.length] ?? 0;
    const variables = { input: { eventId: `Event_${stage.eventId}`, ...inputOf(act, stage) } };
    const from = instant();
    const result = judge(await this.#client.ask(port, { token, query: documents[act.act], variables }), notebook.tally);
    const { outcome, code } = result;
    const changed = (result.data?.setAllocation as { changed?: number } | undefined)?.changed;
    notebook.tally.count(`organizer ${act.act}`, outcome, code);
    notebook.history.write({
      kind: 'organizer',
      event: stage.eventId,
      ...act,
      ...(changed !== undefined && { changed }),
      ...{ from, to: instant(), outcome, ...(code !== undefined && { code }) },
    });
    return result;
  }
}

/** Every amount is a multiple of 100, so that nothing is rounded. */
const faceOf = (edition: string): number => 100 * (20 + (seedFor(0, edition) % 70));

function inputOf(act: OrganizerAct, { planId, sectionIds }: Stage): object {
  switch (act.act) {
    case 'allocate': {
      const { name: allocation, seats, releaseAt } = act;
      const seatIds = seats.map((seatNo) => `Seat_${planId}_${seatNo}`);
      const end = releaseAt === undefined ? {} : { releaseAt: new Date(releaseAt - wallToInstant).toISOString() };
      return { seats: { seatIds }, allocation, ...end };
    }
    case 'codes': {
      const discount = act.percent > 0 ? { discountPercent: `${act.percent}` } : {};
      return { codes: act.codes, opens: act.opens, usesPerCode: act.uses, ...discount };
    }
    case 'prices':
      return pricesOf(act.edition, sectionIds);
    default:
      return {};
  }
}

function pricesOf(edition: string, sectionIds: readonly string[]) {
  const face = faceOf(edition);
  return {
    ticketTypes: [
      { key: 'standard', name: 'Standard' },
      { key: 'child', name: 'Child' },
    ],
    priceLevels: sectionIds.map((id, index) => ({
      ...{
        key: `level-${index}`,
        name: index === 0 ? edition : `${edition}, section ${index + 1}`,
        seats: { sectionIds: [`Section_${id}`] },
      },
      prices: [
        { ticketType: 'standard', amountMinor: face + 500 * index },
        { ticketType: 'child', amountMinor: face / 2 + 200 * index },
      ],
    })),
    fees: [
      { name: 'Service', perTicketMinor: face / 20, refundable: false },
      { name: 'Handling', perBookingMinor: 150, refundable: false },
    ],
    taxes: [],
  };
}
