-- The booking database: accounts, catalogue, seat inventory, bookings, outbox and inbox.

create extension if not exists citext;
create extension if not exists pg_trgm;
create extension if not exists cube;
create extension if not exists earthdistance;

create table users (
  id uuid primary key,
  email citext not null,
  password_hash text,
  display_name text not null,
  role text not null default 'FAN' check (role in ('FAN', 'ORGANIZER', 'ADMIN')),
  is_guest boolean not null default false,
  created_at timestamptz not null default now()
);
-- A guest session is a viewer of its own, whatever e-mail it gives.
create unique index users_email on users (email) where not is_guest;

create table refresh_tokens (
  id uuid primary key,
  user_id uuid not null references users,
  family_id uuid not null,
  token_hash bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);
create unique index refresh_tokens_hash on refresh_tokens (token_hash);
create index refresh_tokens_family on refresh_tokens (family_id);

create table venues (
  id uuid primary key,
  name text not null,
  address text,
  city text not null,
  country_code text not null check (country_code ~ '^[A-Z]{2}$'),
  latitude double precision not null check (latitude between -90 and 90),
  longitude double precision not null check (longitude between -180 and 180),
  time_zone text not null,
  capacity integer not null check (capacity > 0)
);

create table seating_plans (
  id uuid primary key,
  venue_id uuid not null references venues,
  version integer not null,
  seat_count integer not null check (seat_count > 0),
  layout_hash text not null unique,
  layout bytea not null,
  published_at timestamptz not null default now(),
  unique (venue_id, version)
);

create table sections (
  id uuid primary key,
  plan_id uuid not null references seating_plans,
  position integer not null,
  label text not null,
  tier_label text not null,
  unique (plan_id, label),
  unique (plan_id, position)
);

create table venue_seats (
  plan_id uuid not null references seating_plans,
  seat_no integer not null check (seat_no >= 0),
  section_id uuid not null references sections,
  row_label text not null,
  seat_label text not null,
  x real not null,
  y real not null,
  accessible boolean not null default false,
  restricted_view boolean not null default false,
  primary key (plan_id, seat_no),
  unique (section_id, row_label, seat_label)
);

create table events (
  id uuid primary key,
  seq bigint generated always as identity unique,
  organizer_id uuid not null references users,
  venue_id uuid not null references venues,
  plan_id uuid not null references seating_plans,
  title text not null,
  description text not null default '',
  category text not null check (category in ('SPORT', 'CONCERT', 'THEATRE', 'COMEDY', 'FESTIVAL', 'FAMILY', 'CONFERENCE', 'OTHER')),
  performers text[] not null default '{}',
  starts_at timestamptz not null,
  on_sale_at timestamptz not null,
  off_sale_at timestamptz not null,
  cancellable_until timestamptz,
  status text not null default 'DRAFT' check (status in ('DRAFT', 'PUBLISHED', 'CANCELLED')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  popularity integer not null default 0 check (popularity >= 0),
  updated_version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (on_sale_at < off_sale_at)
);
create index events_soonest on events (starts_at, seq) where status = 'PUBLISHED';
create index events_venue on events (venue_id);

create table price_tiers (
  id uuid primary key,
  event_id uuid not null references events,
  name text not null,
  price_minor integer not null check (price_minor >= 0),
  fee_minor integer not null check (fee_minor >= 0),
  unique (event_id, name)
);

-- One row an event: the writer's lock and the seat map's version.
create table seat_inventories (
  event_id uuid primary key references events,
  version bigint not null default 0,
  capacity integer not null check (capacity > 0),
  available integer not null check (available >= 0),
  held integer not null default 0 check (held >= 0),
  booked integer not null default 0 check (booked >= 0),
  blocked integer not null default 0 check (blocked >= 0),
  constraint seat_inventories_sum check (available + held + booked + blocked = capacity)
) with (fillfactor = 70);

-- A seat has a row only once it was touched; no row means AVAILABLE. No index on a column that a hold changes: HOT updates.
create table event_seats (
  event_id uuid not null,
  seat_no integer not null,
  status text not null check (status in ('AVAILABLE', 'HELD', 'BOOKED', 'BLOCKED')),
  booking_id uuid,
  hold_expires_at timestamptz,
  primary key (event_id, seat_no),
  constraint event_seats_owner check (
    (status in ('AVAILABLE', 'BLOCKED') and booking_id is null and hold_expires_at is null)
    or (status = 'HELD' and booking_id is not null and hold_expires_at is not null)
    or (status = 'BOOKED' and booking_id is not null and hold_expires_at is null))
) partition by hash (event_id);

do $$
begin
  for i in 0..15 loop
    execute format('create table event_seats_%s partition of event_seats for values with (modulus 16, remainder %s) with (fillfactor = 90)', i, i);
  end loop;
end $$;

-- No foreign keys from here on: each would lock and rewrite a user's and an event's row at every hold, and would tie the
-- event-scoped tables to the others should they be distributed by event_id. The writer checks both before it inserts.
create table bookings (
  id uuid primary key,
  user_id uuid not null,
  event_id uuid not null,
  status text not null check (status in ('PENDING_PAYMENT', 'CONFIRMED', 'EXPIRED', 'FAILED', 'CANCELLED')),
  total_minor integer not null check (total_minor >= 0),
  currency text not null,
  hold_expires_at timestamptz not null,
  hold_extended_at timestamptz,
  idempotency_key text not null,
  request_hash text not null,
  payment_status text not null default 'CREATING_SESSION' check (payment_status in
    ('CREATING_SESSION', 'SESSION_CREATED', 'PAYMENT_SUCCESS', 'PAYMENT_FAILED', 'REFUND_PENDING', 'REFUNDED')),
  payment_url text,
  refunded_minor integer check (refunded_minor >= 0),
  -- The inventory version of the booking's latest transition.
  version bigint not null,
  created_at timestamptz not null default now(),
  confirmed_at timestamptz,
  -- When the seats of a CONFIRMED booking became free again: [confirmed_at, released_at) is its sale interval.
  released_at timestamptz,
  constraint bookings_idempotency_key unique (user_id, idempotency_key)
) with (fillfactor = 80);
create index bookings_overdue on bookings (hold_expires_at) where status = 'PENDING_PAYMENT';
create index bookings_history on bookings (user_id, created_at desc, id desc);
create index bookings_event on bookings (event_id);

create table booking_seats (
  booking_id uuid not null,
  event_id uuid not null,
  seat_no integer not null,
  price_minor integer not null,
  fee_minor integer not null,
  primary key (booking_id, seat_no)
);
create index booking_seats_seat on booking_seats (event_id, seat_no);

create table tickets (
  id uuid primary key,
  booking_id uuid not null,
  event_id uuid not null,
  seat_no integer not null,
  code text not null unique,
  issued_at timestamptz not null default now(),
  checked_in_at timestamptz,
  voided_at timestamptz
);
create unique index tickets_seat on tickets (event_id, seat_no) where voided_at is null;
create index tickets_booking on tickets (booking_id);

-- The column names that Debezium's outbox event router expects.
create table outbox (
  id uuid primary key,
  aggregatetype text not null,
  aggregateid text not null,
  type text not null,
  event_id uuid not null,
  payload jsonb not null,
  -- The instant of the insert, not of the transaction's start: under the writer's lock it grows in commit order.
  created_at timestamptz not null default clock_timestamp()
);
create index outbox_created on outbox (created_at);
create index outbox_aggregate on outbox (aggregateid);
create publication frontrow_outbox for table outbox with (publish = 'insert');

create table inbox (
  consumer text not null,
  message_id text not null,
  handled_at timestamptz not null default now(),
  primary key (consumer, message_id)
);
