-- The writer asks what a user has at one event: by event alone it read every booking of a hot event for every batch.
drop index bookings_event;
create index bookings_event_user on bookings (event_id, user_id);
