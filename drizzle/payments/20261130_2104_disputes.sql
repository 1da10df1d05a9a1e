-- What a gateway's notice names: the payment beside the session, and of a dispute its id and state.
alter table notices
  add column payment_reference text,
  add column subject text,
  add column state text;
create index notices_payment on notices (payment_reference) where handled_at is null and payment_reference is not null;
-- For a large table build it by hand before the deploy, CONCURRENTLY.
create index if not exists payments_gateway_payment on payments (gateway_payment) where gateway_payment is not null;

-- Money that the bank of a fan took back, or may take back. INQUIRY: nothing was taken yet.
create table disputes (
  gateway text not null,
  id text not null,
  booking_id uuid not null,
  status text not null check (status in ('INQUIRY', 'OPEN', 'WON', 'LOST')),
  amount_minor bigint not null check (amount_minor >= 0),
  currency text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (gateway, id)
);
create index disputes_booking on disputes (booking_id);
-- The sum of those that are OPEN or LOST: it can't be refunded as well.
alter table payments add column disputed_minor bigint not null default 0 check (disputed_minor >= 0);
