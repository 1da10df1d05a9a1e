import type { Client as SocketClient } from 'graphql-ws';
import { BEST, EVENT, HOLD, SEAT_MAP, SEAT_MAP_CHANGED } from './documents.ts';
import { type Layout, type LayoutDocument, readLayout } from './layout.ts';
import { type Money, type PriceTier, withTiersOf } from './pricing.ts';
import { ServerClock } from './server-clock.ts';
import { openSocket } from './socket.ts';
import { type Changed, type Delta, HELD, type Reset, type Snapshot, Statuses } from './statuses.ts';

export type EventFacts = {
  readonly title: string;
  readonly seatsPerBooking: number;
  readonly orphanPolicy: 'LENIENT' | 'OFF' | 'STRICT';
  readonly priceTiers: readonly PriceTier[];
};
export type Refusal = { readonly code: string; readonly message: string; readonly afterSeconds: number | undefined };
export type Hold = { readonly bookingId: string; readonly seatNos: readonly number[]; readonly expiresAt: string };

/** How the map is doing. `live`: each change arrives. `waiting`: the connection is lost and is made again. */
export type ConnectionState = 'loading' | 'live' | 'waiting' | 'ended';

export type SeatMapClientOptions = {
  /** The address of the API: `https://tickets.example/graphql`. */
  readonly endpoint: string;
  readonly eventId: string;
  /** Headers of each request, such as `authorization` and `frontrow-admission`. */
  readonly headers?: () => Record<string, string> | Promise<Record<string, string>>;
  /** A socket of graphql-ws that the page has already. Without it the client opens one of its own. */
  readonly socket?: SocketClient;
};

export type SeatMapListener = {
  /** The layout and the first snapshot are there. */
  ready?(): void;
  /** These seats have another state. */
  change?(changed: Changed): void;
  state?(state: ConnectionState): void;
  /** Sections have other counts, or the own hold is another one. */
  hold?(hold: Hold | undefined): void;
  error?(refusal: Refusal): void;
};

type Section = { readonly id: string; readonly priceFrom: Money | undefined };
type Answer = { data?: Record<string, unknown>; errors?: { message: string; extensions?: Record<string, unknown> }[] };

/** A refusal of the API as an error. */
export class SeatMapError extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/**
 * The live seat map of one event, without any drawing: layout, snapshot, changes without gaps, the fan's own hold and
 * the clock of the server. It works in a browser, in React Native and in Node.
 */
export class SeatMapClient {
  readonly clock = new ServerClock();
  readonly options: SeatMapClientOptions;
  layout: Layout | undefined;
  statuses: Statuses | undefined;
  facts: EventFacts | undefined;
  state: ConnectionState = 'loading';
  hold: Hold | undefined;
  #sections = new Map<string, Section>();
  #listeners = new Set<SeatMapListener>();
  #variables: { eventId: string; sinceVersion: number | null };
  #socket: SocketClient | undefined;
  #ownsSocket = false;
  #unsubscribe: (() => void) | undefined;
  #isClosed = false;
  #hasExactPrices = true;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SeatMapClientOptions) {
    this.options = options;
    this.#variables = { eventId: options.eventId, sinceVersion: null };
  }

  /** Calls the listener from now on, and returns the function that ends this. */
  listen(listener: SeatMapListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the map and follows its changes until `close`. Errors go to the listeners. */
  async open(): Promise<void> {
    try {
      await this.#read();
      if (this.#isClosed) return;
      this.#tell('ready');
      this.#subscribe();
    } catch (error) {
      this.#fail(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#unsubscribe?.();
    if (this.#ownsSocket) void this.#socket?.dispose();
    this.#listeners.clear();
  }

  /** The lowest price of a section, as the API named it when the map was read. */
  priceFrom(sectionId: string): Money | undefined {
    return this.#sections.get(sectionId)?.priceFrom;
  }

  /** The price of a seat; undefined when the organizer prices by other levels than the plan has. A quote has it then. */
  priceOf(seatNo: number): Money | undefined {
    const { layout, facts } = this;
    if (!this.#hasExactPrices) return undefined;
    const name = layout?.tiers[layout.tierOf[seatNo] ?? 0];
    return facts?.priceTiers.find((tier) => tier.name === name)?.price;
  }

  /** Holds these seats. The same key with the same seats returns the same booking. Throws SeatMapError. */
  async holdSeats(seatNos: readonly number[], idempotencyKey: string, quoteHash?: string): Promise<Hold> {
    const seatIds = seatNos.map((seatNo) => this.layout?.idOf(seatNo) ?? '');
    return this.#holdAs({ seatIds, idempotencyKey, quoteHash: quoteHash ?? null });
  }

  /** Holds these seats with a ticket type each, or with codes. Throws SeatMapError. */
  async holdTickets(
    tickets: readonly { readonly seatNo: number; readonly ticketType?: string | undefined }[],
    idempotencyKey: string,
    terms: { readonly quoteHash?: string; readonly codes?: readonly string[] } = {},
  ): Promise<Hold> {
    const lines = tickets.map(({ seatNo, ticketType }) => ({ seatId: this.layout?.idOf(seatNo), ticketType }));
    return this.#holdAs({ lines, idempotencyKey, ...terms });
  }

  async #holdAs(wanted: object): Promise<Hold> {
    const input = { eventId: this.options.eventId, ...wanted };
    return this.#heldBy((await this.#ask(HOLD, { input })).createBooking as Held);
  }

  /** Holds the best free seats together, as the server chooses them. Throws SeatMapError. */
  async holdBest(
    wish: {
      quantity: number;
      priceLevel?: string;
      sectionIds?: readonly string[];
      accessible?: boolean;
      codes?: readonly string[];
    },
    idempotencyKey: string,
  ): Promise<Hold> {
    const input = { eventId: this.options.eventId, ...wish, idempotencyKey };
    return this.#heldBy((await this.#ask(BEST, { input })).holdBestAvailable as Held);
  }

  /** Names the seats that the fan holds, so that the map shows them as the fan's own. */
  showHold(hold: Hold | undefined): void {
    this.hold = hold;
    this.#tell('hold', hold);
  }

  /** Seconds until the own hold ends, on the clock of the server; undefined without a hold. */
  secondsLeft(): number | undefined {
    return this.hold && Math.max(0, (Date.parse(this.hold.expiresAt) - this.clock.now()) / 1000);
  }

  #heldBy(result: Held): Hold {
    const { booking } = result;
    if (!booking) throw new SeatMapError(refusalOf(result));
    const hold: Hold = {
      bookingId: booking.id,
      seatNos: booking.seats.map(({ seat }) => seat.seatNo),
      expiresAt: booking.holdExpiresAt,
    };
    this.showHold(hold);
    return hold;
  }

  async #read(): Promise<void> {
    const { eventId } = this.options;
    const [map, { event }] = (await Promise.all([
      this.#ask(SEAT_MAP, { eventId }),
      this.facts ? { event: this.facts } : this.#ask(EVENT, { eventId }),
    ])) as [{ seatMap: ReadMap | null }, { event: EventFacts | null }];
    if (!map.seatMap || !event)
      throw new SeatMapError({ code: 'NOT_FOUND', message: 'There is no such event.', afterSeconds: undefined });
    this.facts = event;
    this.#sections = new Map(
      map.seatMap.sections.map(({ section, priceFrom }) => [
        section.id,
        { id: section.id, priceFrom: priceFrom ?? undefined },
      ]),
    );
    await this.#readLayout(map.seatMap.layout.url);
    this.statuses ??= new Statuses(this.layout?.seatCount ?? 0);
    // An answer may be older than what the subscription has brought meanwhile.
    if (map.seatMap.version >= this.statuses.version) this.statuses.replace(map.seatMap);
    this.#variables.sinceVersion = this.statuses.version;
  }

  async #readLayout(path: string): Promise<void> {
    if (this.layout && path.includes(this.layout.hash)) return;
    const response = await fetch(new URL(path, this.options.endpoint));
    if (!response.ok) throw new Error(`The layout could not be read (${response.status}).`);
    const plain = readLayout((await response.json()) as LayoutDocument);
    const { layout, isExact } = withTiersOf(plain, this.facts?.priceTiers ?? []);
    this.layout = layout;
    this.#hasExactPrices = isExact;
  }

  #subscribe(): void {
    if (this.#isClosed) return;
    const socket = this.#openSocket();
    const offConnected = socket.on('connected', () => this.#setState('live'));
    const offClosed = socket.on('closed', () => this.#setState('waiting'));
    const end = socket.subscribe(
      { query: SEAT_MAP_CHANGED, variables: this.#variables },
      {
        next: ({ data, errors }) => {
          if (errors) this.#fail(new SeatMapError(refusalOfErrors(errors as Answer['errors'] & object)));
          else this.#take((data as { seatMapChanged: Delta | Reset }).seatMapChanged);
        },
        error: (error) =>
          this.#fail(
            Array.isArray(error) ? new SeatMapError(refusalOfErrors(error)) : new Error('The connection ended.'),
          ),
        complete: () => undefined,
      },
    );
    this.#unsubscribe = () => {
      end();
      offConnected();
      offClosed();
    };
    this.#setState('live');
  }

  #openSocket(): SocketClient {
    const { endpoint, headers, socket } = this.options;
    this.#ownsSocket = socket === undefined;
    this.#socket ??=
      socket ??
      openSocket({
        url: endpoint.replace(/^http/, 'ws'),
        connectionParams: async () => connectionParamsOf((await headers?.()) ?? {}),
      });
    return this.#socket;
  }

  #take(change: Delta | Reset): void {
    const changed = this.statuses?.take(change);
    if (changed === undefined) {
      this.#read().then(
        () => this.#tell('change', 'all'),
        (error) => this.#fail(error),
      );
      return;
    }
    // graphql-ws sends the same variables when it connects again, so the server continues from here.
    this.#variables.sinceVersion = this.statuses?.version ?? null;
    this.#setState('live');
    this.#dropEndedHold(changed);
    if (changed.length > 0) this.#tell('change', changed);
  }

  /** Seats of the own hold that became free or sold are no longer held. */
  #dropEndedHold(changed: Changed): void {
    const { hold, statuses } = this;
    if (!hold || changed === 'all') return;
    const ended = new Set(changed.filter((seatNo) => statuses?.codes[seatNo] !== HELD));
    const seatNos = hold.seatNos.filter((seatNo) => !ended.has(seatNo));
    if (seatNos.length < hold.seatNos.length) this.showHold(seatNos.length > 0 ? { ...hold, seatNos } : undefined);
  }

  #setState(state: ConnectionState): void {
    if (this.state === state || this.#isClosed) return;
    this.state = state;
    this.#tell('state', state);
  }

  /** Reads again after the time that the API names, or ends when waiting does not help. */
  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#unsubscribe?.();
    const refusal =
      error instanceof SeatMapError
        ? error.refusal
        : { code: 'NETWORK', message: error instanceof Error ? error.message : String(error), afterSeconds: 2 };
    const canWait = refusal.afterSeconds !== undefined && refusal.code !== 'ADMISSION_REQUIRED';
    this.#setState(canWait ? 'waiting' : 'ended');
    this.#tell('error', refusal);
    if (canWait) this.#retry = setTimeout(() => void this.open(), (refusal.afterSeconds ?? 2) * 1000);
  }

  #tell<K extends keyof SeatMapListener>(what: K, ...args: Parameters<NonNullable<SeatMapListener[K]>>): void {
    for (const listener of this.#listeners)
      (listener[what] as ((...given: typeof args) => void) | undefined)?.apply(listener, args);
  }

  async #ask(query: string, variables: object): Promise<Record<string, unknown>> {
    const headers = { 'content-type': 'application/json', ...(await this.options.headers?.()) };
    const response = await this.clock.measure(() =>
      fetch(this.options.endpoint, { method: 'POST', headers, body: JSON.stringify({ query, variables }) }),
    );
    const { data, errors } = (await response.json()) as Answer;
    if (errors?.[0] && !hasAny(data)) throw new SeatMapError(refusalOfErrors(errors));
    return data ?? {};
  }
}

type ReadMap = Snapshot & {
  layout: { url: string };
  sections: { section: { id: string }; priceFrom: Money | null }[];
};
type Held = {
  booking?: { id: string; holdExpiresAt: string; seats: { seat: { seatNo: number } }[] };
  code?: string;
  message?: string;
  retry?: { afterSeconds: number | null };
};

const hasAny = (data: Answer['data']): boolean =>
  data !== undefined && data !== null && Object.values(data).some((value) => value !== null);

const refusalOf = ({ code = 'INTERNAL', message = '', retry }: Held): Refusal => ({
  code,
  message,
  afterSeconds: retry?.afterSeconds ?? undefined,
});

function refusalOfErrors([error]: NonNullable<Answer['errors']>): Refusal {
  const { code, retryAfterSeconds } = error?.extensions ?? {};
  return {
    code: typeof code === 'string' ? code : 'INTERNAL',
    message: error?.message ?? 'The request failed.',
    afterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined,
  };
}

function connectionParamsOf(headers: Record<string, string>): Record<string, string> {
  const names: Record<string, string> = { 'frontrow-admission': 'admission', 'frontrow-place': 'place' };
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [names[name] ?? name, value]));
}
