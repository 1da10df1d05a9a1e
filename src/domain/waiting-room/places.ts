import type { Db } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import { inTransaction } from '#db/transaction.ts';
import { openBatches } from '../batches.ts';
import type { ChangedPlace, OnChanged } from './publish-room.ts';
import { lockRoom } from './room-statements.ts';

/** A row of `waiting_room_places`. `hasLeft`: the viewer left while waiting. */
export type Place = { readonly ordinal: number; readonly hasLeft: boolean };

export type Leaver = {
  readonly ordinal: number;
  /** Undefined before the draw. */
  readonly position: number | undefined;
  readonly isTurn: boolean;
};

export type Places = {
  find(eventId: string, userId: string): Promise<Place | undefined>;
  /** Gives up the place, the turn or the session; does nothing when that is over already. */
  leave(eventId: string, viewer: { readonly userId: string; readonly sessionId: string }, place: Leaver): Promise<void>;
};

type Leaving = Leaver & { readonly userId: string; readonly signInId: string };

/** A store: the places in PostgreSQL. Both methods throw TryAgain while it is away, and may then be repeated. */
export function openPlaces({ db, changed }: { db: Db; changed: OnChanged }): Places {
  const finding = openBatches<string, Place | undefined>({
    run: async (eventId, userIds) => {
      const rows = await prepared<Place & { userId: string }>(db, FIND, [eventId, plainArray(userIds)]);
      const places = new Map(rows.map(({ userId, ...place }) => [userId, place]));
      return userIds.map((userId) => places.get(userId));
    },
  });
  const leaving = openBatches<Leaving, void>({
    run: async (eventId, leavers) => {
      const news = await leaveAll(db, eventId, leavers);
      if (news.length > 0) changed(eventId, news);
      return leavers.map(() => undefined);
    },
  });
  return {
    find: (eventId, userId) => finding.add(eventId, userId),
    leave: (eventId, { userId, sessionId }, place) => leaving.add(eventId, { ...place, userId, signInId: sessionId }),
  };
}

const FIND = `select user_id as "userId", ordinal, left_at is not null as "hasLeft"
  from waiting_room_places where event_id = $1 and user_id = any($2::uuid[])`;

/** Returns the places whose session rows changed. */
async function leaveAll(db: Db, eventId: string, leavers: readonly Leaving[]): Promise<ChangedPlace[]> {
  const columns = [
    leavers.map(({ ordinal }) => ordinal),
    leavers.map(({ userId }) => userId),
    leavers.map(({ position }) => position ?? null),
    leavers.map(({ signInId }) => signInId),
    leavers.map(({ isTurn }) => String(isTurn)),
  ];
  const [, changed] = await inTransaction(db, 'leave-waiting-room', (tx) =>
    Promise.all([
      lockRoom(tx, eventId),
      prepared<ChangedPlace>(tx, LEAVE, [eventId, ...columns.map((column) => plainArray(column))]),
    ]),
  );
  return changed;
}

// A fan who came has a session, which ends. A fan whose turn runs gets a session that is over. All others give up the
// place. The keys are looked up (`offset 0`, `any (array (...))`), even if the planner would rather join in another
// order.
const LEAVE = `
  with leaver as (
    select distinct on (a.ordinal) a.*, s.ordinal is not null as came, a.is_turn and a.position <= r.watermark as has_turn
    from unnest($2::int[], $3::uuid[], $4::int[], $5::uuid[], $6::bool[]) as a (ordinal, user_id, position, sign_in_id, is_turn)
    cross join lateral (
      select from waiting_room_places p
      where p.event_id = $1 and p.user_id = a.user_id and p.ordinal = a.ordinal and p.left_at is null offset 0) p
    join waiting_rooms r on r.event_id = $1
    left join waiting_room_sessions s on s.event_id = $1 and s.ordinal = a.ordinal
    order by a.ordinal
  ), ended as (
    update waiting_room_sessions set ended_at = clock_timestamp(), end_reason = 'LEFT'
    where event_id = $1 and ordinal = any (array (select ordinal from leaver where came)) and end_reason is null
    returning user_id, ordinal
  ), given as (
    insert into waiting_room_sessions (event_id, ordinal, user_id, position, sign_in_id, ended_at, end_reason)
    select $1, ordinal, user_id, position, sign_in_id, clock_timestamp(), 'LEFT' from leaver where not came and has_turn
    returning user_id, ordinal
  ), departed as (
    update waiting_room_places set left_at = clock_timestamp()
    where event_id = $1
      and user_id = any (array (select user_id from leaver where not came and has_turn is not true))
  )
  select user_id as "userId", ordinal from ended union all select user_id, ordinal from given`;
