import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { openBatches } from '../batches.ts';
import { orTryAgain } from '../or-try-again.ts';
import { mayEnter } from './admission-rules.ts';
import type { OnChanged } from './publish-room.ts';
import type { RoomSession } from './room.ts';
import { type LockedRoom, lockRoom } from './room-statements.ts';
import {
  type Comer,
  type EndReason,
  endSessions,
  extendSessions,
  type KnownComer,
  listRooms,
  moveSession,
  type Owner,
  readComers,
  readOccupancy,
  readSessions,
  writeComers,
} from './session-statements.ts';

export type EnterAnswer =
  | { readonly kind: 'inside'; readonly session: RoomSession }
  /** At the door: the turn goes on as long as the viewer asks again within the grace time. */
  | { readonly kind: 'full' }
  | { readonly kind: 'over' };

export type RoomSessions = {
  /** Redeems an admission. A viewer who is inside under the same sign-in stays inside. */
  enter(eventId: string, comer: Comer): Promise<EnterAnswer>;
  /** Extends the session; undefined when it is not live or belongs to another sign-in. */
  touch(eventId: string, owner: Owner): Promise<RoomSession | undefined>;
  read(eventId: string, ordinal: number): Promise<RoomSession | undefined>;
  /** Gives the live session to another sign-in of its viewer; undefined when it is not live. */
  moveTo(
    eventId: string,
    owner: { readonly ordinal: number; readonly userId: string; readonly signInId: string },
  ): Promise<RoomSession | undefined>;
  /** Those of these events that have a waiting room. */
  roomsAmong(eventIds: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Ends the live sessions of this viewer, and returns their ordinals. CHECKOUT ends nothing while another payment of
   * the viewer is open, and no session that was entered after `beforeMs`, so that it may be repeated at any time.
   */
  end(eventId: string, userId: string, reason: EndReason, options?: { beforeMs?: number }): Promise<number[]>;
};

/**
 * A store: PostgreSQL decides who is inside, under the lock of the room's row. All methods throw TryAgain while it is
 * away.
 */
export function openRoomSessions({ db, changed }: { db: Db; changed: OnChanged }): RoomSessions {
  const entering = openBatches<Comer, EnterAnswer>({
    run: async (eventId, comers) => {
      const { answers, news } = await enterAll(db, eventId, comers);
      if (news.length > 0) changed(eventId, news);
      return answers;
    },
  });
  const touching = openBatches<Owner, RoomSession | undefined>({
    run: async (eventId, owners) => {
      const live = await inTransaction(db, 'extend-sessions', (tx) => extendSessions(tx, eventId, owners));
      return owners.map(({ ordinal, signInId }) => {
        const session = live.get(ordinal);
        return session?.signInId === signInId ? session : undefined;
      });
    },
  });
  const reading = openBatches<number, RoomSession | undefined>({
    run: async (eventId, ordinals) => {
      const sessions = await readSessions(db, eventId, ordinals);
      return ordinals.map((ordinal) => sessions.get(ordinal));
    },
  });
  return {
    enter: (eventId, comer) => entering.add(eventId, comer),
    touch: (eventId, owner) => touching.add(eventId, owner),
    read: (eventId, ordinal) => reading.add(eventId, ordinal),
    async moveTo(eventId, owner) {
      const session = await orTryAgain(moveSession(db, eventId, owner));
      if (session) changed(eventId, [session]);
      return session;
    },
    roomsAmong: (eventIds) => orTryAgain(listRooms(db, eventIds)),
    async end(eventId, userId, reason, { beforeMs } = {}) {
      const ordinals = await orTryAgain(endSessions(db, eventId, { userId, reason, beforeMs }));
      if (ordinals.length > 0)
        changed(
          eventId,
          ordinals.map((ordinal) => ({ userId, ordinal })),
        );
      return ordinals;
    },
  };
}

/** `news`: the sessions that changed. */
type Entered = { answers: EnterAnswer[]; news: RoomSession[] };

function enterAll(db: Db, eventId: string, comers: readonly Comer[]): Promise<Entered> {
  // Concurrent requests of a viewer count as one arrival; with two sign-ins, the first wins.
  const first = new Map<number, Comer>();
  for (const comer of comers) if (!first.has(comer.ordinal)) first.set(comer.ordinal, comer);
  return inTransaction(db, 'enter-waiting-room', async (tx) => {
    const decided = await admit(tx, eventId, [...first.values()]);
    const answers = comers.map(({ ordinal, signInId }): EnterAnswer => {
      const session = decided.sessions.get(ordinal);
      if (!session || session.endedAtMs !== null || session.signInId !== signInId) return { kind: 'over' };
      return session.enteredAtMs === null ? { kind: 'full' } : { kind: 'inside', session };
    });
    return { answers, news: decided.news };
  });
}

/** `sessions`: of the fans who are inside or at the door now. */
export async function admit(
  tx: Tx,
  eventId: string,
  comers: readonly Comer[],
): Promise<{ sessions: Map<number, RoomSession>; news: RoomSession[] }> {
  const [room, known, { inside, atDoor }] = await Promise.all([
    lockRoom(tx, eventId),
    readComers(tx, eventId, comers),
    readOccupancy(tx, eventId),
  ]);
  const knownOf = new Map(known.map((comer) => [comer.ordinal, comer]));
  const sessions = new Map<number, RoomSession>();
  const arriving: Comer[] = [];
  for (const comer of comers) {
    const { session, ...rest } = knownOf.get(comer.ordinal) ?? NOBODY;
    if (!room || isRefused(room, comer, { session, ...rest })) continue;
    if (session && session.enteredAtMs !== null) sessions.set(comer.ordinal, session);
    else if (rest.isTurn) arriving.push(comer);
  }
  if (!room || arriving.length === 0) return { sessions, news: [] };
  const entering = mayEnter({ capacity: room.capacity, inside, atDoor, arriving });
  const written = await writeComers(tx, eventId, arriving, entering);
  for (const session of written) sessions.set(session.ordinal, session);
  // A fan who was at the door and still is gets no notification.
  return { sessions, news: written.filter(({ ordinal }) => entering.has(ordinal) || !knownOf.get(ordinal)?.session) };
}

const NOBODY: Omit<KnownComer, 'ordinal'> = { hasPlace: false, isTurn: false, session: null };

function isRefused(room: LockedRoom, comer: Comer, { hasPlace, session }: Omit<KnownComer, 'ordinal'>): boolean {
  if (room.state !== 'DRAWN' || comer.position > room.watermark || !hasPlace) return true;
  return session !== null && (session.endedAtMs !== null || session.userId !== comer.userId);
}
