-- The refunds of a booking as its fan sees them. The payments service owns them; its messages bring these rows up to date.
create table booking_refunds (
  id uuid primary key,
  booking_id uuid not null,
  event_id uuid not null,
  status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
  -- BOOKING: we asked for it. GATEWAY: it was made there. BOX_OFFICE: the box office gave it back.
  origin text not null check (origin in ('BOOKING', 'GATEWAY', 'BOX_OFFICE')),
  amount_minor bigint not null check (amount_minor >= 0),
  currency text not null,
  reason text not null,
  seat_nos integer[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index booking_refunds_booking on booking_refunds (booking_id);
