-- Of unpaid bookings only, so both are small. For a large table build them by hand before the deploy, CONCURRENTLY.
create unique index if not exists bookings_unpaid_of_viewer on bookings (user_id, unpaid_slot) where status = 'PENDING_PAYMENT';
create index if not exists bookings_unpaid_of_address on bookings (address_key, event_id) where status = 'PENDING_PAYMENT' and address_key is not null;
