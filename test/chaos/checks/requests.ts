import type { CancelRecord, ConfirmRecord, FailRecord, HistoryRecord, HoldRecord, SaleRecord } from '../history.ts';

/**
 * All attempts of one request together. `to` is infinite when no answer confirmed it: it may happen at any time, or
 * never.
 */
export type Effect = {
  readonly from: number;
  readonly to: number;
  readonly event: string;
  readonly seats: readonly number[];
};

/** `expiresAt`: the earliest end of the hold in the answers; undefined without one. */
export type HoldEffect = Effect & {
  readonly owner: string;
  readonly booking: string | undefined;
  readonly expiresAt: number | undefined;
};

/** `user`: the user who sent it. */
export type BookingEffect = Effect & { readonly owner: string; readonly booking: string; readonly user: string };

/** The clients' requests for seats, each once for all of its attempts. */
export type Requests = {
  readonly holds: readonly HoldEffect[];
  /** Of the box office; without an end. */
  readonly sales: readonly HoldEffect[];
  readonly cancels: readonly BookingEffect[];
  readonly confirms: readonly BookingEffect[];
  readonly fails: readonly BookingEffect[];
};

/** The owner of a booking: the user and the key of its request. A hold whose answer was lost has no other name. */
export const ownerOf = (user: string, key: string): string => `${user} ${key}`;

/**
 * @param owners of all bookings in the database at rest: the owner of a hold or a sale without an answer, and whether
 * that booking exists
 */
export function requestsOf(history: readonly HistoryRecord[], owners?: ReadonlyMap<string, string>): Requests {
  const taken = { hold: new Map<string, HoldEffect>(), sale: new Map<string, HoldEffect>() };
  const known = new Map(owners);
  for (const record of history) {
    if ((record.kind !== 'hold' && record.kind !== 'sale') || record.outcome === 'refused') continue;
    const owner = ownerOf(record.user, record.key);
    const request = `${owner} ${record.event} ${record.seats.join()}`;
    const effects = taken[record.kind];
    effects.set(request, withAttempt(effects.get(request), record, owner));
    if (record.answer) known.set(record.answer.booking, owner);
  }
  const made = owners && new Set(owners.values());
  const effects = (kind: BookingRecord['kind']) => effectsOf(history, kind, known);
  const takenBy = (kind: 'hold' | 'sale') =>
    [...taken[kind].values()].filter(({ to, owner }) => to < Number.POSITIVE_INFINITY || made?.has(owner) !== false);
  return {
    holds: takenBy('hold'),
    sales: takenBy('sale'),
    cancels: effects('cancel'),
    confirms: effects('confirm'),
    fails: effects('fail'),
  };
}

function withAttempt(before: HoldEffect | undefined, record: HoldRecord | SaleRecord, owner: string): HoldEffect {
  const { answer, event, seats } = record;
  const expiresAt = record.kind === 'hold' ? record.answer?.expiresAt : undefined;
  const expiries = [before?.expiresAt, expiresAt].filter((at) => at !== undefined);
  return {
    owner,
    event,
    seats,
    booking: before?.booking ?? answer?.booking,
    from: Math.min(before?.from ?? record.from, record.from),
    to: Math.min(before?.to ?? Number.POSITIVE_INFINITY, endIfDone(record)),
    expiresAt: expiries.length > 0 ? Math.min(...expiries) : undefined,
  };
}

type BookingRecord = CancelRecord | ConfirmRecord | FailRecord;

function effectsOf(
  history: readonly HistoryRecord[],
  kind: BookingRecord['kind'],
  owners: ReadonlyMap<string, string>,
): BookingEffect[] {
  const effects = new Map<string, BookingEffect>();
  for (const record of history) {
    if (record.kind !== kind || record.outcome === 'refused') continue;
    const effect = `${record.user} ${record.booking}`;
    const before = effects.get(effect);
    effects.set(effect, {
      owner: owners.get(record.booking) ?? record.booking,
      booking: record.booking,
      user: before?.user ?? record.user,
      event: record.event,
      seats: record.seats,
      from: Math.min(before?.from ?? record.from, record.from),
      to: Math.min(before?.to ?? Number.POSITIVE_INFINITY, endIfDone(record)),
    });
  }
  return [...effects.values()];
}

const endIfDone = (record: HoldRecord | SaleRecord | BookingRecord): number =>
  record.outcome === 'ok' ? record.to : Number.POSITIVE_INFINITY;
