-- Which request a message goes back to, and its W3C trace where that is recorded. Null in what the clock began, and in
-- whatever an older process writes.

alter table outbox add column request_id text, add column traceparent text;
alter table event_log.messages add column request_id text, add column traceparent text;
alter table event_log.parked add column request_id text, add column traceparent text;
