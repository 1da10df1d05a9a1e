import type { ApiConfig } from './config/api.ts';
import type { GuestChallengeConfig } from './config/guest-challenge.ts';
import type { WorkerConfig } from './config/worker.ts';
import { closeDb, type Db, openDb } from './db/client.ts';
import type { Pooling } from './db/pooling.ts';
import { openAccessTokens } from './domain/account/access-tokens.ts';
import { openEndedSessions } from './domain/account/ended-sessions.ts';
import { openBooks } from './domain/accounting/books.ts';
import { openTicketSigner } from './domain/booking/ticket-code.ts';
import { openCatalogReads } from './domain/catalog/catalog-reads.ts';
import { openCatalogSearch } from './domain/catalog/catalog-search.ts';
import { openEventCache } from './domain/catalog/event-cache.ts';
import { openEventIndexer } from './domain/catalog/event-indexer.ts';
import { EventWatches } from './domain/catalog/event-watches.ts';
import { openPlanThreads } from './domain/catalog/plan-files/plan-threads.ts';
import { openSeatingPlanCache } from './domain/catalog/seating-plan-cache.ts';
import { openImageCache } from './domain/catalog/uploads/image-cache.ts';
import { openEventExports } from './domain/exports/event-exports.ts';
import { openExportLinks } from './domain/exports/export-links.ts';
import { openAddressKeys } from './domain/hoarding/address-keys.ts';
import type { GuestChallenge } from './domain/hoarding/guest-challenge.ts';
import { openProofOfWork } from './domain/hoarding/proof-of-work-challenge.ts';
import { openTurnstile } from './domain/hoarding/turnstile-challenge.ts';
import { ABOUT_THE_LOG, openInvariantChecker } from './domain/invariants.ts';
import { openInventoryWriter } from './domain/inventory/inventory-writer.ts';
import { openLostRaces } from './domain/inventory/lost-races.ts';
import { pushCommitted } from './domain/inventory/push-committed.ts';
import { openSeatLocks } from './domain/inventory/seat-locks.ts';
import { SeatMaps } from './domain/inventory/seat-maps.ts';
import { openAccessKeys } from './domain/organization/access-keys.ts';
import { openRights } from './domain/organization/rights.ts';
import { openPriceLists } from './domain/pricing/price-lists.ts';
import type { Viewer } from './domain/viewer.ts';
import { openAdmissionTokens } from './domain/waiting-room/admission-tokens.ts';
import { type AdmissionRequest, requireAdmission } from './domain/waiting-room/admissions.ts';
import { openJoins } from './domain/waiting-room/joins.ts';
import { KnownPlaces } from './domain/waiting-room/known-places.ts';
import { openPlaceTickets } from './domain/waiting-room/place-tickets.ts';
import { openPlaces } from './domain/waiting-room/places.ts';
import { type OnChanged, tellJoined, tellPlaces } from './domain/waiting-room/publish-room.ts';
import { openRoomSessions } from './domain/waiting-room/room-sessions.ts';
import { openRoomController } from './domain/waiting-room/run-rooms.ts';
import { SessionViews } from './domain/waiting-room/session-views.ts';
import { WaitingRooms } from './domain/waiting-room/waiting-rooms.ts';
import { openMailer } from './gateways/mailers.ts';
import { observeWrite } from './observability/inventory-metrics.ts';
import { openRedis } from './redis/client.ts';
import { type Heartbeat, openHeartbeat } from './redis/heartbeat.ts';
import { openPubSub, type PubSub } from './redis/pubsub.ts';

/** Each event is written by one connection at a time, so a few of them serve many events. */
const WRITER_CONNECTIONS = 4;

/** Closed in reverse order, because a handle is opened after those that it uses. */
function openTogether() {
  const closers: (() => unknown)[] = [];
  return {
    opened<T>(handle: T, close: (handle: T) => unknown): T {
      closers.push(() => close(handle));
      return handle;
    },
    async [Symbol.asyncDispose]() {
      for (const close of closers.reverse()) await close();
    },
  };
}
type Together = ReturnType<typeof openTogether>;

/** After this time a client of the API gets TryAgain, and no statement runs on without a client. */
const API_STATEMENT_TIMEOUT_MS = 5_000;
/** The import of a seating plan copies up to 200,000 rows in one statement, with a connection of its own. */
const IMPORT_STATEMENT_TIMEOUT_MS = 25_000;

type Who = { readonly name: string; readonly statementTimeoutMs?: number };

type SalesConfig = Omit<WorkerConfig, 'eventLog' | 'postgres' | 'mail' | 'retention'> & {
  readonly postgres: WorkerConfig['postgres'] & { readonly pooling?: Pooling };
  /** The connection of everything except the writer, whose prepared statements need a server of their own. */
  readonly pooled?: { readonly url: string; readonly pooling: Pooling } | undefined;
};

/** What every process needs that changes seats. */
function openSales(config: SalesConfig, who: Who, { opened }: Together) {
  const { name } = who;
  const db = opened(openDb({ ...config.postgres, ...config.pooled, ...who }), closeDb);
  const writerOptions = { ...config.postgres, ...who, poolMax: WRITER_CONNECTIONS, name: `${name}-writer` };
  const writerDb = opened(openDb(writerOptions), closeDb);
  const redis = opened(openRedis({ ...config.redis, name }), (handle) => handle.disconnect());
  const pubsub = opened(openPubSub({ ...config.redis, name }), (handle) => handle.close().catch(() => undefined));
  const plans = openSeatingPlanCache({ db });
  const priceLists = openPriceLists({ db });
  const seatLocks = openSeatLocks({ redis, db });
  const writer = opened(
    openInventoryWriter({
      db: writerDb,
      plans,
      priceLists,
      policy: config.policy,
      seatLocks,
      afterCommit: (committed) => pushCommitted({ db, redis, pubsub }, committed),
      onWritten: observeWrite,
    }),
    (handle) => handle.close(),
  );
  return { db, redis, pubsub, plans, priceLists, seatLocks, writer };
}

/** What the API process needs for waiting rooms. */
async function openRooms(
  config: ApiConfig,
  needs: { db: Db; pubsub: PubSub; heartbeat: Heartbeat },
  together: Together,
) {
  const { db, pubsub } = needs;
  const tell = tellPlaces({ pubsub });
  const changed: OnChanged = (eventId, changes) => {
    sessionViews.forget(eventId, changes);
    tell(eventId, changes);
  };
  const places = openPlaces({ db, changed });
  const roomSessions = openRoomSessions({ db, changed });
  const sessionViews = new SessionViews(roomSessions);
  const admissions = {
    waitingRooms: together.opened(await WaitingRooms.open(needs), (handle) => handle.close()),
    admissionTokens: openAdmissionTokens(config.admissionKeys),
    roomSessions,
    sessionViews,
    changed,
  };
  return {
    ...admissions,
    places,
    knownPlaces: new KnownPlaces(places),
    placeTickets: openPlaceTickets(config.admissionKeys),
    joins: together.opened(
      openJoins({ db, placesPerAddress: config.placesPerAddress, joined: tellJoined({ pubsub }) }),
      (handle) => handle.close(),
    ),
    /** For requests that change something: PostgreSQL is asked each time. */
    requireAdmission: (viewer: Viewer, of: Omit<AdmissionRequest, 'fresh'>) =>
      requireAdmission(admissions, viewer, { ...of, fresh: true }),
  };
}

function openGuestChallenge(db: Db, config: GuestChallengeConfig): GuestChallenge | undefined {
  if (config?.kind === 'proof-of-work') return openProofOfWork({ db, ...config });
  return config && openTurnstile({ db, ...config });
}

/** What the API process needs for files of seating plans and images. */
function openFiles(config: ApiConfig & SalesConfig, db: Db, { opened }: Together) {
  const who = { name: 'frontrow-api-import', statementTimeoutMs: IMPORT_STATEMENT_TIMEOUT_MS, poolMax: 1 };
  const openThreads = () => opened(openPlanThreads(), (handle) => handle.close());
  return {
    images: openImageCache({ db }),
    planImports: { db: opened(openDb({ ...config.postgres, ...who }), closeDb), threads: openThreads() },
    planExports: openThreads(),
  };
}

export type ApiResources = Awaited<ReturnType<typeof openApiResources>>;

/** Every handle that the API process shares. Only handles: their use is in `domain`. */
export async function openApiResources(config: ApiConfig & SalesConfig) {
  const together = openTogether();
  const { opened } = together;
  const sales = openSales(config, { name: 'frontrow-api', statementTimeoutMs: API_STATEMENT_TIMEOUT_MS }, together);
  const { db, redis, pubsub, plans } = sales;
  const heartbeat = opened(openHeartbeat({ pubsub }), (handle) => handle.close());
  const rights = opened(openRights({ db, pubsub }), (handle) => handle.close());
  const books = openBooks(config.books);
  return {
    ...sales,
    heartbeat,
    seatMaps: opened(new SeatMaps({ db, redis, pubsub, heartbeat }), (handle) => handle.close()),
    ...(await openRooms(config, { db, pubsub, heartbeat }, together)),
    ...openFiles(config, db, together),
    catalogReads: openCatalogReads({ db }),
    eventCache: openEventCache({ db }),
    eventWatches: new EventWatches({ db, pubsub, heartbeat }),
    search: opened(openCatalogSearch({ db, engine: config.search }), (handle) => handle.close()),
    tokens: openAccessTokens({ privateKey: config.tokenPrivateKey }),
    rights,
    books,
    eventExports: openEventExports({ db, plans, rights, books, links: openExportLinks(config.admissionKeys) }),
    accessKeys: openAccessKeys({ db }),
    endedSessions: opened(await openEndedSessions({ db }), (handle) => handle.close()),
    lostRaces: openLostRaces({ db }),
    ticketSigner: openTicketSigner(config.ticketPrivateKey),
    addressKeys: openAddressKeys(config.addressSecret),
    guestChallenge: openGuestChallenge(db, config.guestChallenge),
    [Symbol.asyncDispose]: () => together[Symbol.asyncDispose](),
  };
}

/** Every handle that the workers share. */
export function openWorkerResources(config: WorkerConfig) {
  const together = openTogether();
  const sales = openSales(config, { name: 'frontrow-worker' }, together);
  const { db, redis, pubsub } = sales;
  const changed = tellPlaces({ pubsub });
  const mailer = config.mail && together.opened(openMailer(config.mail.mailer), (handle) => handle.close());
  const eventIndexer = config.search && openEventIndexer({ db, engine: config.search });
  return {
    ...sales,
    retention: config.retention,
    mail: mailer && config.mail && { mailer, mailPolicy: config.mail.policy },
    eventIndexer: together.opened(eventIndexer, (handle) => handle?.close()),
    ticketSigner: openTicketSigner(config.ticketPrivateKey),
    roomSessions: openRoomSessions({ db, changed }),
    invariants: together.opened(
      openInvariantChecker({ db }, config.eventLog.kind === 'postgres' ? [] : ABOUT_THE_LOG),
      (handle) => handle.close().catch(() => undefined),
    ),
    // Without PostgreSQL the lease ends by itself.
    roomController: together.opened(openRoomController({ db, redis, pubsub, changed }), (handle) =>
      handle.close().catch(() => undefined),
    ),
    [Symbol.asyncDispose]: () => together[Symbol.asyncDispose](),
  };
}
