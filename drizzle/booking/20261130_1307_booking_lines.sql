-- The locked line of the quote: level, ticket type, fees and taxes by name. `price_minor` is its face price and `fee_minor` all
-- that is added to it. Null in rows from before, whose `fee_minor` is one fee.
alter table booking_seats add column line json;
