-- The event log on PostgreSQL: topics of numbered partitions, each an ordered, gapless list of messages.

create schema event_log;

create table event_log.partitions (
  topic text not null,
  partition integer not null,
  next_offset bigint not null default 0,
  primary key (topic, partition)
) with (fillfactor = 50);

create table event_log.messages (
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  id uuid not null,
  key text not null,
  event jsonb not null,
  created_at timestamptz not null,
  appended_at timestamptz not null default now(),
  primary key (topic, partition, "offset"),
  unique (id)
);
create index messages_appended on event_log.messages (appended_at);

-- The next offset that a group of consumers will read. Whoever handles a batch holds the row's lock.
create table event_log.positions (
  consumer_group text not null,
  topic text not null,
  partition integer not null,
  "offset" bigint not null default 0,
  primary key (consumer_group, topic, partition)
) with (fillfactor = 50);

-- Messages that could not be handled, with every later message of the same key.
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
  primary key (consumer_group, id)
);
create index parked_key on event_log.parked (consumer_group, key);

insert into event_log.partitions (topic, partition)
select topic, partition from unnest(array['catalog', 'booking', 'payment']) as topic, generate_series(0, 7) as partition;
