-- What the box office sold, also for nothing. Its entry in the journal is made in the same transaction.
create table box_office_sales (
  booking_id uuid primary key,
  event_id uuid not null,
  organization_id uuid not null,
  tender text not null check (tender in ('CASH', 'CARD_TERMINAL', 'INVOICE', 'COMPLIMENTARY')),
  currency text not null,
  total_minor bigint not null check (total_minor >= 0),
  -- Given back by hand.
  refunded_minor bigint not null default 0,
  sold_at timestamptz not null,
  entered_at timestamptz not null default now(),
  constraint box_office_sales_within_paid check (refunded_minor >= 0 and refunded_minor <= total_minor)
);
