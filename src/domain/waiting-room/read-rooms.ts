import type { Db, Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { Progress, Room, RoomState, Step } from './room.ts';

type Filter = {
  /**
   * Only rooms that changed since then, by the database's clock. Subtract a few seconds, because commits may be late.
   */
  readonly updatedSinceMs?: number | undefined;
  readonly eventIds?: readonly string[] | undefined;
};

type Row = Omit<Room, 'draw' | 'progress'> & {
  drawSecret: string | null;
  drawEntries: number | null;
  progress: Partial<Progress>;
};

/**
 * Rooms with their last steps, in one statement; without `eventIds`, rooms that ended more than a day ago are left
 * out.
 */
export async function readRooms(db: Db | Tx, { updatedSinceMs, eventIds }: Filter = {}): Promise<Room[]> {
  const rows = await prepared<Row>(db, READ, [
    eventIds === undefined ? null : plainArray(eventIds),
    updatedSinceMs ?? null,
  ]);
  return rows.map(({ drawSecret, drawEntries, progress, ...row }) => ({
    ...row,
    state: row.state as RoomState,
    steps: row.steps as readonly Step[],
    draw: drawSecret === null || drawEntries === null ? undefined : { secret: drawSecret, entries: drawEntries },
    progress: { ...NOTHING_MEASURED, waiting: row.joined, ...progress },
  }));
}

const NOTHING_MEASURED: Progress = { inside: 0, waiting: 0, admittedPerMinute: 0, showUpRate: 1, missed: 0 };

// The secret leaves the database only after the draw.
const READ = `
  select r.event_id as "eventId", r.version::float8 as version, r.state, r.paused as "isPaused", r.capacity,
    r.session_seconds as "sessionSeconds", r.grace_seconds as "graceSeconds",
    (extract(epoch from r.opens_at) * 1000)::float8 as "opensAtMs",
    (extract(epoch from r.draw_at) * 1000)::float8 as "drawAtMs",
    r.joined, r.draw_commitment as "drawCommitment",
    case when r.draw_entries is not null then r.draw_secret end as "drawSecret", r.draw_entries as "drawEntries",
    r.watermark, r.progress,
    (select coalesce(jsonb_agg(jsonb_build_object(
         'watermark', s.watermark, 'atMs', (extract(epoch from s.at) * 1000)::float8) order by s.watermark), '[]')
     from waiting_room_steps s
     where s.event_id = r.event_id and s.watermark >= coalesce((
       select max(old.watermark) from waiting_room_steps old
       where old.event_id = r.event_id and old.at < clock_timestamp() - make_interval(secs => r.grace_seconds)), 0)
    ) as steps
  from waiting_rooms r
  where case when $1::uuid[] is not null then r.event_id = any($1::uuid[])
             else r.state <> 'ENDED' or r.updated_at > clock_timestamp() - interval '1 day' end
    and ($2::float8 is null or r.updated_at >= to_timestamp($2::float8 / 1000))`;

/** A commit may come so late after the time that it writes. */
const LATE_COMMITS_SECONDS = 15;

/**
 * The places that were left while waiting, since `sinceMs` by the database's clock (0: ever). Pass `atMs` to the next
 * call: it lies so far back that none is missed, and therefore ordinals come twice.
 */
export async function readDepartures(
  db: Db | Tx,
  eventId: string,
  sinceMs: number,
): Promise<{ ordinals: number[]; atMs: number }> {
  const [row] = await prepared<{ ordinals: number[]; atMs: number }>(db, DEPARTURES, [
    eventId,
    sinceMs,
    LATE_COMMITS_SECONDS,
  ]);
  return row ?? { ordinals: [], atMs: sinceMs };
}

const DEPARTURES = `
  select (extract(epoch from clock_timestamp() - make_interval(secs => $3)) * 1000)::float8 as "atMs",
    (select coalesce(jsonb_agg(ordinal), '[]') from waiting_room_places
     where event_id = $1 and left_at >= to_timestamp($2::float8 / 1000)) as ordinals`;
