import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAccessTokens } from '#domain/account/access-tokens.ts';
import { GraphqlClient } from '#test/fans/lean-graphql.ts';
import { type Random, seededRandom, seedFor } from '#test/fans/random.ts';
import { sandboxKeys } from '#test/support/payments/sandbox-gateway.ts';
import { type BookingState, type HoldAnswer, instant, type Outcome } from '../history.ts';
import type { SeenBooking, Wish } from '../recorded-fan.ts';
import { FanAccount, type FanUser, newKey } from './fan-account.ts';
import { Pacer } from './pacer.ts';
import type { ClientConfig, Stage } from './protocol.ts';
import { type Notebook, type Phase, runClients } from './run-clients.ts';
import { watchBooking } from './watch-booking.ts';
import { hasLoneCompanion, wishAt } from './wishes.ts';

/** Fans who buy over GraphQL as fast as they get answers, in one process. */
export type FansConfig = ClientConfig & {
  readonly ports: readonly number[];
  readonly gatewayPort: number;
  readonly tokenPrivateKey: string;
  /** The fans with rows in the database. */
  readonly userIds: readonly string[];
};

runClients<FansConfig>(async (config, notebook, phase) => {
  const tokens = openAccessTokens({ privateKey: config.tokenPrivateKey });
  const users: FanUser[] = [];
  for (const userId of config.userIds) {
    const { token } = await tokens.issue({ userId, role: 'FAN', sessionId: randomUUIDv7() });
    users.push({ userId, token });
  }
  const pacer = new Pacer(config.operationsPerSecond);
  const lanes = Array.from({ length: config.lanes }, (_, index) => {
    const own = users.filter((_user, of) => of % config.lanes === index);
    return new Fan({ config, notebook, phase, users: own, index, pacer }).run();
  });
  await Promise.all(lanes);
});

type FanParts = {
  config: FansConfig;
  notebook: Notebook;
  phase: Phase;
  users: readonly FanUser[];
  index: number;
  pacer: Pacer;
};
type Request = Wish & { readonly stage: Stage; readonly key: string };
type Purchase = Request & { readonly held: HoldAnswer };

/** By their shares. */
const intents = [
  ...Array<'pay'>(8).fill('pay'),
  ...Array<'late'>(4).fill('late'),
  ...Array<'early'>(5).fill('early'),
  ...Array<'changeMind'>(5).fill('changeMind'),
  'decline',
  'cancel',
  'abandon',
] as const;

const BOOKINGS_PER_USER = 4;
const AWAY_MS = 50;
/** Of the purchases, beside those that come there by chance. */
const ORGANIZED_SHARE = 0.3;
/** Longer than it takes to find a lost notice, to end a hold with its extension, and to bring everything back. */
const GIVE_UP_MS = 60_000;

class Fan {
  readonly #parts: FanParts;
  readonly #random: Random;
  readonly #client = new GraphqlClient();
  readonly #account: FanAccount;
  readonly #beganAt = instant();
  #bookings = 0;
  #purchases = 0;

  constructor(parts: FanParts) {
    const { config, index } = parts;
    this.#parts = parts;
    this.#random = seededRandom(seedFor(config.seed, `${config.name} ${index}`));
    const [user] = parts.users;
    if (!user) throw new Error('A fan needs an account.');
    const { notebook } = parts;
    this.#account = new FanAccount({ client: this.#client, notebook, ports: config.ports, first: index, user });
  }

  async run(): Promise<void> {
    while (!this.#parts.phase.isFinishing) {
      await this.#buy();
      await this.#look();
    }
    this.#client.close();
  }

  async #buy(): Promise<void> {
    this.#nextUser();
    const stage = this.#chooseStage();
    const wish = wishAt(stage, this.#random, { seed: this.#parts.config.seed, beganAt: this.#beganAt });
    const intent = this.#random.pick(intents);
    const request = { ...wish, ...(await this.#agree(stage, wish)), stage, key: newKey() };
    const held = await this.#hold(request);
    if (!held) return;
    this.#bookings += 1;
    const purchase = { ...request, held };
    if (this.#random.chance(0.3)) await this.#account.hold(purchase, 'repeat');
    const ended = new AbortController();
    if (this.#random.chance(0.15)) this.#watch(purchase, ended.signal);
    await this.#go(intent, purchase);
    ended.abort();
  }

  #chooseStage(): Stage {
    const { stages } = this.#parts.config;
    const organized = stages.filter(({ isOrganized }) => isOrganized);
    return this.#random.pick(this.#random.chance(ORGANIZED_SHARE) ? organized : stages);
  }

  /** Some fans ask for the price first, and then pay this price or none. */
  async #agree(stage: Stage, wish: Wish): Promise<Pick<Wish, 'agreed'>> {
    if (!stage.isOrganized || wish.best !== undefined || hasLoneCompanion(stage, wish.seatNos)) return {};
    if (!this.#random.chance(0.3)) return {};
    const agreed = await this.#account.quote(stage, wish);
    return agreed ? { agreed } : {};
  }

  /** Until the outcome is known: sends the same key again after every failure. */
  async #hold(request: Request): Promise<HoldAnswer | undefined> {
    const { tally } = this.#parts.notebook;
    const giveUpAt = instant() + GIVE_UP_MS;
    for (let attempt = 0; instant() < giveUpAt; attempt++) {
      const { outcome, code, afterMs, answer } = await this.#account.hold(
        request,
        attempt === 0 ? 'createBooking' : 'repeat',
      );
      if (attempt > 0 && answer?.replayed) tally.observe('commit unknown, found by key by the client');
      if (outcome === 'ok') return answer;
      if (code === 'TOO_MANY_SEATS') this.#bookings = BOOKINGS_PER_USER;
      if (outcome === 'refused') return undefined;
      await sleep(Math.max(afterMs, AWAY_MS * (1 + attempt)));
    }
    tally.problem(`What came of the hold ${request.key} is not known.`);
    return undefined;
  }

  async #go(intent: (typeof intents)[number], purchase: Purchase): Promise<void> {
    if (intent === 'abandon') return;
    if (intent === 'cancel') return this.#cancel(purchase);
    const early = intent === 'early' ? await this.#findSession(purchase) : undefined;
    const url = early ?? (await this.#waitForUrl(purchase));
    if (!url) return;
    if (intent === 'decline') return this.#decline(purchase, url);
    if (intent === 'late') await this.#waitForEnd(purchase);
    // Paid and cancelled at the same moment: the money may come for a booking that has ended.
    const cancelled = intent === 'changeMind' ? this.#cancelAtOnce(purchase) : undefined;
    const status = await this.#pay(purchase, url);
    await cancelled;
    if (status === 'CONFIRMED' && this.#random.chance(0.5)) await this.#cancel(purchase);
  }

  async #pay(purchase: Purchase, url: string): Promise<string | undefined> {
    const { stage, held } = purchase;
    const { seats } = held;
    const { userId: user } = this.#account.user;
    const from = instant();
    const record = { kind: 'confirm', user, booking: held.booking, event: stage.eventId, seats, from } as const;
    const isPaid = await this.#decide(url, 'pay');
    if (isPaid === false) return undefined;
    const seen = await this.#until(
      purchase,
      ({ status, paymentStatus }) =>
        status === 'CONFIRMED' ||
        isRefunded(paymentStatus) ||
        (status === 'CANCELLED' && paymentStatus === 'PAYMENT_SUCCESS'),
    );
    const isRefunding = seen !== undefined && seen.status !== 'CONFIRMED' && isRefunded(seen.paymentStatus);
    // A booking that was cancelled may have been confirmed before.
    const outcome = seen?.status === 'CANCELLED' ? 'unknown' : outcomeOf(seen, 'CONFIRMED');
    if (outcome === 'ok') this.#account.acknowledge('confirmed', held.booking, stage);
    if (isRefunding) this.#account.acknowledge('refunding', held.booking, stage);
    this.#parts.notebook.history.write({ ...record, to: instant(), outcome });
    this.#parts.notebook.tally.observe(`a payment came to: ${outcome}`);
    return seen?.status;
  }

  async #decline(purchase: Purchase, url: string): Promise<void> {
    const { stage, held } = purchase;
    const { seats } = held;
    const { userId: user } = this.#account.user;
    const from = instant();
    const record = { kind: 'fail', user, booking: held.booking, event: stage.eventId, seats, from } as const;
    if (!(await this.#decide(url, 'decline'))) return;
    const seen = await this.#until(
      purchase,
      ({ status }) => status !== 'PENDING_PAYMENT' && status !== 'PAYMENT_READY',
    );
    if (seen?.status === 'FAILED') this.#account.acknowledge('failed', held.booking, stage);
    this.#parts.notebook.history.write({ ...record, to: instant(), outcome: outcomeOf(seen, 'FAILED') });
  }

  /** Until the gateway has said yes or no. Undefined: it never did. */
  async #decide(url: string, outcome: 'pay' | 'decline'): Promise<boolean | undefined> {
    const giveUpAt = instant() + GIVE_UP_MS;
    while (instant() < giveUpAt) {
      const status = await this.#account.decide(url, outcome);
      if (status !== undefined) return status === 200;
      await sleep(AWAY_MS * 2);
    }
    return undefined;
  }

  async #cancel({ stage, held }: Purchase): Promise<void> {
    const giveUpAt = instant() + GIVE_UP_MS;
    while (instant() < giveUpAt) {
      const { outcome, afterMs = 0 } = await this.#account.cancel({
        stage,
        seatNos: held.seats,
        booking: held.booking,
      });
      if (outcome !== 'unknown') return;
      await sleep(Math.max(afterMs, AWAY_MS * 2));
    }
  }

  async #cancelAtOnce(purchase: Purchase): Promise<void> {
    const { config, notebook } = this.#parts;
    const client = new GraphqlClient();
    const second = new FanAccount({
      client,
      notebook,
      ports: config.ports,
      first: this.#parts.index + 1,
      user: this.#account.user,
    });
    const { stage, held } = purchase;
    await second.cancel({ stage, seatNos: held.seats, booking: held.booking });
    client.close();
  }

  async #waitForUrl(purchase: Purchase): Promise<string | undefined> {
    const seen = await this.#until(
      purchase,
      ({ status, paymentUrl }) => (status !== 'PENDING_PAYMENT' && status !== 'PAYMENT_READY') || paymentUrl !== null,
    );
    return seen?.paymentUrl ?? undefined;
  }

  /** Around the moment in which the hold ends, by the clock. */
  async #waitForEnd({ held }: Purchase): Promise<void> {
    const payAt = held.expiresAt - 5 + this.#random.below(60);
    while (instant() < payAt - 40) await this.#look();
    await sleep(Math.max(0, payAt - instant()));
  }

  /** Asks the gateway as only its operator could, so that the page can be paid before Frontrow knows it. */
  async #findSession({ held }: Purchase): Promise<string | undefined> {
    const { gatewayPort } = this.#parts.config;
    const path = `/v1/sessions?booking_id=${held.booking}`;
    const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${sandboxKeys.apiKey}\r\n\r\n`;
    const giveUpAt = instant() + 5_000;
    while (instant() < giveUpAt) {
      const answer = await this.#client.send(gatewayPort, request);
      const found = typeof answer === 'string' ? undefined : (JSON.parse(answer.body).data?.[0] as { url?: string });
      if (found?.url) return found.url;
      await sleep(2);
    }
    return undefined;
  }

  /** Reads the booking, and other things in between, until it fits the condition. Undefined: it never did. */
  async #until({ held }: Purchase, isWanted: (seen: SeenBooking) => boolean): Promise<SeenBooking | undefined> {
    const giveUpAt = instant() + GIVE_UP_MS;
    while (instant() < giveUpAt) {
      const seen = await this.#account.readBooking(held.booking);
      if (seen && isWanted(seen)) return seen;
      await this.#look();
    }
    return undefined;
  }

  async #look(): Promise<void> {
    const { config, pacer } = this.#parts;
    await pacer.turn();
    const chance = this.#random.next();
    if (chance < 0.75) await this.#account.readMap(this.#random.pick(config.stages));
    else if (chance < 0.97) await this.#account.readBookings();
    else await this.#account.search('Chaos');
  }

  #nextUser(): void {
    if (this.#bookings < BOOKINGS_PER_USER) return;
    this.#bookings = 0;
    this.#purchases += 1;
    const next = this.#parts.users[this.#purchases % this.#parts.users.length];
    if (next) this.#account.user = next;
  }

  #watch({ held }: Purchase, until: AbortSignal): void {
    const { notebook } = this.#parts;
    void watchBooking({
      port: () => this.#account.port,
      user: this.#account.user,
      booking: held.booking,
      notebook,
      until,
    });
  }
}

const isRefunded = (paymentStatus: string): boolean =>
  paymentStatus === 'REFUND_PENDING' || paymentStatus === 'REFUNDED';

function outcomeOf(seen: SeenBooking | undefined, wanted: BookingState): Outcome {
  if (seen === undefined) return 'unknown';
  return seen.status === wanted ? 'ok' : 'refused';
}
