-- What the box office gave back of a sale that is not entered yet. It is entered in the transaction that enters the sale.
create table waiting_sale_refunds (
  refund_id uuid primary key,
  booking_id uuid not null,
  -- `BoxOfficeRefunded`, as it arrived.
  event jsonb not null,
  received_at timestamptz not null default now()
);
create index waiting_sale_refunds_booking on waiting_sale_refunds (booking_id);
