-- How many tickets of a booking were refunded while it went on, and how much was to go back for them. Null: none.
alter table bookings add column voided_tickets integer, add column voided_minor bigint;
