-- Waiting rooms: PostgreSQL decides who has which place and who is inside; Redis only carries the news.

create table waiting_rooms (
  event_id uuid primary key references events,
  capacity integer not null check (capacity >= 0),
  session_seconds integer not null check (session_seconds between 60 and 7200),
  grace_seconds integer not null check (grace_seconds between 5 and 1800),
  -- From when fans can join, and when the order of those who joined by then is drawn and admission begins.
  opens_at timestamptz not null,
  draw_at timestamptz not null check (draw_at >= opens_at),
  state text not null default 'CLOSED' check (state in ('CLOSED', 'OPEN', 'DRAWN', 'ENDED')),
  paused boolean not null default false,
  -- Places given out; the ordinal of the next one.
  joined integer not null default 0,
  -- 32 bytes in hex, and their SHA-256. The secret is published with the draw, not before.
  draw_secret text not null,
  draw_commitment text not null,
  -- How many took part in the draw; null until then.
  draw_entries integer,
  drawn_at timestamptz,
  -- Positions up to here are admitted. It never goes back.
  watermark integer not null default 0,
  -- What the controller measured at its last tick: see Progress in src/domain/waiting-room/room.ts.
  progress jsonb not null default '{}',
  -- The controller's fencing token: an older one can't write any more.
  fence bigint not null default 0,
  -- Grows with every change but a join.
  version bigint not null default 1,
  updated_at timestamptz not null default clock_timestamp(),
  check (watermark between 0 and joined),
  check ((draw_entries is null) = (drawn_at is null))
) with (fillfactor = 50);

-- One place a viewer. Ordinals are dense and in the order of joining; who leaves and joins again gets a new one.
create table waiting_room_places (
  event_id uuid not null,
  user_id uuid not null,
  ordinal integer not null,
  joined_at timestamptz not null default clock_timestamp(),
  left_at timestamptz,
  primary key (event_id, user_id)
);
create index waiting_room_places_left on waiting_room_places (event_id, left_at) where left_at is not null;

-- When the watermark reached which position: the beginning of every turn.
create table waiting_room_steps (
  event_id uuid not null,
  watermark integer not null,
  at timestamptz not null,
  primary key (event_id, watermark)
);

-- Who came when it was their turn. entered_at: inside from then on, until ended_at.
create table waiting_room_sessions (
  event_id uuid not null,
  ordinal integer not null,
  user_id uuid not null,
  position integer not null,
  -- The sign-in session that the admission is bound to.
  sign_in_id uuid not null,
  -- Came and found the room full.
  knocked_at timestamptz,
  entered_at timestamptz,
  -- Of the room, at that moment: with it an auditor can tell that the limit held.
  capacity_at_entry integer,
  expires_at timestamptz,
  ended_at timestamptz,
  end_reason text check (end_reason in ('CHECKOUT', 'LEFT', 'SILENT')),
  primary key (event_id, ordinal),
  check ((ended_at is null) = (end_reason is null)),
  check (entered_at is null or (expires_at is not null and capacity_at_entry is not null))
) with (fillfactor = 70);
create index waiting_room_sessions_live on waiting_room_sessions (event_id, user_id) where ended_at is null;
create index waiting_room_sessions_position on waiting_room_sessions (event_id, position);

-- Work that one process does at a time. The fence grows with every new holder.
create table leases (
  name text primary key,
  holder uuid not null,
  fence bigint not null default 1,
  expires_at timestamptz not null
);
