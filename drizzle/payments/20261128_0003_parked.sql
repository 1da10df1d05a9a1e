-- With the event log on Kafka: messages that payments could not handle, in the tables that the booking database has for its
-- own consumers. With the log on PostgreSQL they stay there, beside it, and these are empty.

create schema event_log;

-- An event for which a group has messages parked: later ones of it wait behind them. Whoever parks, hands over again or
-- drops holds the row's lock, so the last one can't leave while another one is put behind it.
create table event_log.parked_keys (
  consumer_group text not null,
  key text not null,
  parked_at timestamptz not null default now(),
  -- Set: the group's processes hand its messages over again.
  replay_requested_at timestamptz,
  replay_requested_by text,
  primary key (consumer_group, key)
);

create table event_log.parked (
  consumer_group text not null,
  id uuid not null,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  key text not null,
  event jsonb not null,
  reason text not null,
  parked_at timestamptz not null default now(),
  request_id text,
  traceparent text,
  -- The order within a key: that of parking, since a group's topics have no common offset.
  number bigint generated always as identity,
  created_at timestamptz not null default now(),
  -- How often it was given up; 0: it only stands behind another one.
  failures integer not null default 1,
  failed_at timestamptz,
  primary key (consumer_group, id),
  foreign key (consumer_group, key) references event_log.parked_keys
);
create index parked_key on event_log.parked (consumer_group, key, number);

-- What was done with parked messages, when and by whom. An event that was dropped is kept here.
create table event_log.parked_history (
  number bigint generated always as identity primary key,
  at timestamptz not null default now(),
  action text not null check (action in ('REPLAY_REQUESTED', 'REPLAYED', 'PARKED_AGAIN', 'DROPPED')),
  consumer_group text not null,
  key text not null,
  message_id uuid,
  done_by text not null,
  reason text,
  event jsonb
);
create index parked_history_message on event_log.parked_history (message_id);
create index parked_dropped on event_log.parked_history (consumer_group, message_id) where action = 'DROPPED';
