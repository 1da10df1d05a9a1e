-- What a relay must know of its replication slot, and the slot itself does not.

-- Slots whose past is in the event log. A slot that was just made has seen nothing of what was written before it: it is
-- read from only after the outbox was appended, which this row says. A slot of before this table is completed once more.
create table relay_slots (
  slot text primary key,
  completed_at timestamptz not null default now(),
  -- Why the outbox had to be appended, and how many messages that were.
  reason text not null,
  replayed bigint not null
);

-- Where the server's log was at which time, so that an operator's position can be found again in the outbox.
create table relay_positions (
  slot text not null,
  at timestamptz not null,
  lsn pg_lsn not null,
  primary key (slot, at)
);
