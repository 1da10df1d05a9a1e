-- See 20261130_1302_wide_prices.sql.
alter table bookings
  alter column total_minor type bigint,
  alter column refunded_minor type bigint,
  add constraint bookings_exact check (total_minor <= 9007199254740991);
