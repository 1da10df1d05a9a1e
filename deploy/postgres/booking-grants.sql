-- The rights of each role in the booking database. The owner runs this after each migration (frontrow migrate does), so that a new
-- table has its rights. Rights to rows only: only the owner may alter, drop or truncate a table, and public has no rights.

do $$
begin
  execute format('grant connect on database %I to frontrow_app, frontrow_payments, frontrow_relay', current_database());
end $$;

revoke all on all tables in schema public, event_log from frontrow_app, frontrow_payments, frontrow_relay;

grant usage on schema public, event_log to frontrow_app;
grant select, insert, update, delete on all tables in schema public, event_log to frontrow_app;
grant usage, select on all sequences in schema public, event_log to frontrow_app;
revoke all on schema_migrations from frontrow_app;
-- The relay's progress: only what readiness and the invariants read.
revoke insert, update, delete on relay_slots, relay_positions from frontrow_app;

-- Payments is a service of its own: it knows the booking side only by its messages.
grant usage on schema event_log to frontrow_payments;
grant select on event_log.messages, event_log.partitions to frontrow_payments;
grant select, insert, update, delete
  on event_log.positions, event_log.parked, event_log.parked_keys, event_log.parked_history to frontrow_payments;
grant usage, select on all sequences in schema event_log to frontrow_payments;

grant usage on schema public, event_log to frontrow_relay;
grant select on outbox to frontrow_relay;
grant select, insert, update, delete on relay_slots, relay_positions to frontrow_relay;
grant select, insert on event_log.messages to frontrow_relay;
grant select, update on event_log.partitions to frontrow_relay;
grant select on event_log.positions, event_log.parked to frontrow_relay;
