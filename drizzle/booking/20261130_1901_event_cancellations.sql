-- What a member was shown before the decision to cancel an event. The id is the token that `cancelEvent` wants.
create table event_cancellation_previews (
  id uuid primary key,
  event_id uuid not null,
  -- Of the event. The preview is worthless when the event has another one.
  revision integer not null,
  figures jsonb not null,
  made_at timestamptz not null,
  expires_at timestamptz not null
);
create index event_cancellation_previews_event on event_cancellation_previews (event_id);

-- A cancelled event and the job that ends its bookings. The writer of the inventory adds to `done` and `asked_minor` in the
-- transaction that ends a booking, so each booking counts once, also when the job was killed and began again.
create table event_cancellations (
  event_id uuid primary key,
  state text not null default 'RUNNING' check (state in ('RUNNING', 'DONE')),
  token uuid not null,
  refund_fees boolean not null,
  reason text not null,
  -- The account or the access key.
  created_by uuid not null,
  created_at timestamptz not null,
  -- What the preview had shown, and what was confirmed when the event was cancelled.
  previewed jsonb not null,
  figures jsonb not null,
  done integer not null default 0,
  failed integer not null default 0,
  asked_minor bigint not null default 0,
  -- The last booking of the present pass.
  cursor uuid,
  leased_by uuid,
  leased_until timestamptz,
  finished_at timestamptz
);
create index event_cancellations_running on event_cancellations (created_at) where state = 'RUNNING';
