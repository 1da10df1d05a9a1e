-- The request of a member that asked for a refund. Null in a refund that no member asked for.
alter table booking_refunds add column requested_by uuid, add column idempotency_key text, add column request_hash text;
create unique index booking_refunds_key on booking_refunds (requested_by, idempotency_key) where idempotency_key is not null;
