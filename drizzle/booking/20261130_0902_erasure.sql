-- A person who was erased: the row stays, because bookings and tickets belong to its id, but says nothing about anybody.
alter table users add column erased_at timestamptz;
-- When the payments database was done as well; an erasure that was interrupted between the two is found by it.
alter table users add column payments_erased_at timestamptz;
create index users_erasure_unfinished on users (erased_at) where erased_at is not null and payments_erased_at is null;
-- Retention looks for guests who came long ago.
create index users_guest_created on users (created_at) where is_guest and erased_at is null;
