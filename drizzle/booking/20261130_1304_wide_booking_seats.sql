-- See 20261130_1302_wide_prices.sql.
alter table booking_seats
  alter column price_minor type bigint,
  alter column fee_minor type bigint;
