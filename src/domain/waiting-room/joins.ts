import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { inTransaction } from '#db/transaction.ts';
import { openBatches } from '../batches.ts';
import { type Applicant, type LockedRoom, lockRoom, placeApplicants } from './room-statements.ts';

export type JoinAnswer =
  | { readonly kind: 'joined'; readonly ordinal: number; readonly isNew: boolean }
  | { readonly kind: 'notOpen'; readonly opensAtMs: number; readonly opensInSeconds: number }
  | { readonly kind: 'ended' }
  /** As many viewers of the same address as `limit` have places already. */
  | { readonly kind: 'tooManyPlaces'; readonly limit: number }
  | { readonly kind: 'noRoom' };

export type Joins = {
  /**
   * The viewer's place. The viewer gets a new one at the end without a place, when the place was left, or when it is
   * over: `replacing` is the ordinal of the place that is over, so that two calls take one place. Throws RateLimited
   * when too many callers wait, TryAgain while PostgreSQL is away; then the same call may be repeated.
   */
  join(eventId: string, userId: string, replacing?: number, addressKey?: string): Promise<JoinAnswer>;
  close(): Promise<void>;
};

type JoinsOptions = {
  readonly db: Db;
  readonly maxQueued?: number;
  /** Called after the commit of new places. */
  readonly joined?: ((eventId: string) => void) | undefined;
  /** How many viewers of one address may have places in a room. Default: any number. */
  readonly placesPerAddress?: number | undefined;
};

/** Open one per process. */
export function openJoins({ db, maxQueued, joined, placesPerAddress }: JoinsOptions): Joins {
  const batches = openBatches<Applicant, JoinAnswer>({
    run: (eventId, applicants) => joinAll(db, eventId, { applicants, joined, perAddress: placesPerAddress }),
    ...(maxQueued !== undefined && { maxQueued }),
  });
  return {
    join: (eventId, userId, replacing, addressKey) =>
      batches.add(eventId, { userId, replacing: replacing ?? null, addressKey }),
    close: () => batches.close(),
  };
}

/** In order of arrival: the room's row is locked, so the ordinals of all processes form one line. */
async function joinAll(
  db: Db,
  eventId: string,
  {
    applicants,
    joined,
    perAddress,
  }: {
    applicants: readonly Applicant[];
    joined: JoinsOptions['joined'];
    perAddress: number | undefined;
  },
): Promise<JoinAnswer[]> {
  const [room, places] = await inTransaction(db, 'join-waiting-room', (tx) =>
    Promise.all([lockRoom(tx, eventId), placeApplicants(tx, eventId, { applicants, perAddress })]),
  );
  if (places.size > 0) failpoint('waiting-room.joined');
  if ([...places.values()].some((place) => place?.isNew)) joined?.(eventId);
  const refusal = places.size === 0 ? refusalOf(room) : undefined;
  const toldOf = new Set<string>();
  return applicants.map(({ userId }) => {
    if (refusal) return refusal;
    const place = places.get(userId);
    if (place === null) return { kind: 'tooManyPlaces', limit: perAddress ?? 0 };
    if (!place) throw new Error('A fan who joined got no place.');
    // A viewer who asked twice in one batch has one new place, not two.
    const isNew = place.isNew && !toldOf.has(userId);
    toldOf.add(userId);
    return { kind: 'joined', ordinal: place.ordinal, isNew };
  });
}

function refusalOf(room: LockedRoom | undefined): JoinAnswer {
  if (!room) return { kind: 'noRoom' };
  if (room.state === 'ENDED') return { kind: 'ended' };
  return { kind: 'notOpen', opensAtMs: room.opensAtMs, opensInSeconds: room.opensInSeconds };
}
