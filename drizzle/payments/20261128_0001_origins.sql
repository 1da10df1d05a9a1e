-- Which request a payment or message goes back to, and its W3C trace where that is recorded: a webhook does not say it.

alter table payments add column request_id text, add column traceparent text;
alter table outbox add column request_id text, add column traceparent text;
