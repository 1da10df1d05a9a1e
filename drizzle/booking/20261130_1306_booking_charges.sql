-- The fees and added taxes of a booking as a whole. Null: there are none.
alter table bookings
  add column fee_minor bigint not null default 0,
  add column charges json;
-- Not valid: every present row has the default, so there is nothing to scan for while holds wait.
alter table bookings add constraint bookings_fee check (fee_minor >= 0) not valid;
