-- What the box office sold: how it was paid, who holds the tickets, and which account or access key sold them. All null in a
-- booking that a fan made online. `user_id` of a sold booking is the id of a counter and of no account: docs/decisions/0029.
alter table bookings
  add column tender text,
  add column tender_reference text,
  add column holder_name text,
  add column holder_email text,
  add column sold_by uuid;
alter table bookings add constraint bookings_tender
  check (tender in ('CASH', 'CARD_TERMINAL', 'INVOICE', 'COMPLIMENTARY')) not valid;
-- For the erasure of a person. For a large table build it by hand before the deploy, CONCURRENTLY.
create index if not exists bookings_holder on bookings (holder_email) where holder_email is not null;
