import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GraphqlClient } from '#test/fans/lean-graphql.ts';
import { type Random, seededRandom, seedFor } from '#test/fans/random.ts';
import { instant } from '../history.ts';
import { lookInto } from '../look-into.ts';
import type { Result } from '../recorded-fan.ts';
import { judge } from './judge.ts';
import type { Seller } from './seller.ts';
import { untilKnown } from './until-known.ts';

const refusal = '... on Refusal { code retry { afterSeconds } }';
const documents = {
  refund: `mutation Refund($input: RefundTicketsInput!) { refundTickets(input: $input) { ... on RefundTicketsSuccess { booking { id status } refund { id status } } ${refusal} } }`,
  preview: `mutation Preview($input: EventInput!) { previewEventCancellation(input: $input) { ... on PreviewEventCancellationSuccess { preview { token } } ${refusal} } }`,
  cancel: `mutation CallOff($input: CancelEventInput!) { cancelEvent(input: $input) { __typename ${refusal} } }`,
} as const;

const REFUND_EVERY_MS = 1_500;
const ALL_TICKETS = 0.3;
/** At the end of a run. */
const MOST_LOOKS = 2;

type Sold = { readonly id: string; readonly tickets: readonly string[] };

/** Refunds tickets of an organizer's events while fans buy and cancel, and calls one event off in the middle of the run. */
export class RefundDesk {
  readonly #seller: Omit<Seller, 'stage'>;
  readonly #random: Random;
  /** One for each of the two lines of work, because a client has one request at a time under way. */
  readonly #clients = { refunds: new GraphqlClient(), cancellation: new GraphqlClient() };
  readonly #beganAt = instant();
  #turn = 0;

  constructor(seller: Omit<Seller, 'stage'>) {
    this.#seller = seller;
    this.#random = seededRandom(seedFor(seller.config.seed, 'refund desk'));
  }

  async run(): Promise<void> {
    await Promise.all([this.#refundTickets(), this.#callOff()]);
    this.#clients.refunds.close();
    this.#clients.cancellation.close();
  }

  async #refundTickets(): Promise<void> {
    const { phase } = this.#seller;
    // Where few fans pay, what is left at the end is refunded, once.
    for (let refunded = 0, looks = 0; !phase.isFinishing || refunded === 0; ) {
      const sold = await this.#findSold().catch(() => undefined);
      if (sold && (await this.#refund(sold))) refunded += 1;
      if (!sold && phase.isFinishing && looks++ > MOST_LOOKS) break;
      await sleep(REFUND_EVERY_MS);
    }
  }

  /** Returns whether it was refunded. */
  async #refund({ id, tickets }: Sold): Promise<boolean> {
    const ticketIds = this.#random.chance(ALL_TICKETS) ? {} : { ticketIds: [`Ticket_${this.#random.pick(tickets)}`] };
    const refundFees = this.#random.chance(0.5);
    const input = {
      bookingId: `Booking_${id}`,
      ...ticketIds,
      refundFees,
      reason: 'Ill',
      idempotencyKey: randomUUIDv7(),
    };
    // Its fan or the gateway may have ended it meanwhile.
    return (await this.#send('refund', { input }, ['NOT_REFUNDABLE']))?.outcome === 'ok';
  }

  async #callOff(): Promise<void> {
    const { phase, config } = this.#seller;
    const stage = config.stages.find(({ isCalledOff }) => isCalledOff);
    while (instant() - this.#beganAt < config.callsOffAfterMs && !phase.isFinishing) await sleep(100);
    if (!stage) return;
    const eventId = `Event_${stage.eventId}`;
    const previewed = await this.#send('preview', { input: { eventId } }, []);
    const { preview } = (previewed?.data?.previewEventCancellation ?? {}) as { preview?: { token: string } };
    if (!preview) return;
    const input = { eventId, token: preview.token, refundFees: false, reason: 'The roof leaks' };
    await this.#send('cancel', { input }, []);
  }

  /** Until the outcome is known, to one process after the other. */
  #send(what: keyof typeof documents, variables: object, mayBeRefused: readonly string[]): Promise<Result | undefined> {
    const { config, notebook, token } = this.#seller;
    const client = what === 'refund' ? this.#clients.refunds : this.#clients.cancellation;
    const attempt = async (): Promise<Result> => {
      const port = config.ports[this.#turn++ % config.ports.length] ?? 0;
      const result = judge(await client.ask(port, { token, query: documents[what], variables }), notebook.tally);
      notebook.tally.count(`organizer ${what}`, result.outcome, result.code);
      return result;
    };
    return untilKnown({ tally: notebook.tally, name: `the organizer's ${what}`, attempt, mayBeRefused });
  }

  /** A confirmed booking, of none of the events at which people at the gateway act, straight from the database: an organizer would search for it. */
  async #findSold(): Promise<Sold | undefined> {
    const { config } = this.#seller;
    const events = config.stages.filter(({ isOrganized, isHot }) => isOrganized || isHot).map(({ eventId }) => eventId);
    const sold = await lookInto(
      config.bookingUrl,
      (sql) => sql<Sold[]>`
        select b.id, array(select t.id from tickets t where t.booking_id = b.id and t.voided_at is null order by t.id) as tickets
        from bookings b where b.event_id = any (${events}::uuid[]) and b.status = 'CONFIRMED' and b.tender is null
        order by b.confirmed_at desc limit 10`,
    );
    return sold.length > 0 ? this.#random.pick(sold) : undefined;
  }
}
