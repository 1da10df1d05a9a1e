-- Who holds seats without having paid for them, so that what one caller may hold can be counted.
alter table bookings
  -- A keyed hash of the network that the hold came from, in the form of a UUID. Null as soon as the hold has ended.
  add column address_key uuid,
  -- The lowest number that no other unpaid booking of the viewer has: two transactions that count the viewer's seats at
  -- the same time, at two events, choose the same one, and the second of them is decided again.
  add column unpaid_slot smallint,
  -- Null in bookings that were made before this column was there.
  add column seat_count smallint;

-- How many holds a caller (a viewer, or an address by its key) has let end or cancelled of late. They are forgotten by
-- halves, from struck_at on. Kept for a day.
create table hold_strikes (
  holder uuid primary key,
  strikes double precision not null check (strikes >= 0),
  struck_at timestamptz not null
) with (fillfactor = 70);
create index hold_strikes_old on hold_strikes (struck_at);
