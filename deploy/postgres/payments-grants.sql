-- The rights of each role in the payments database; see booking-grants.sql. frontrow_app may not even connect.

do $$
begin
  execute format('grant connect on database %I to frontrow_payments, frontrow_relay', current_database());
  -- frontrow invariants compares the books in temporary tables.
  execute format('grant temporary on database %I to frontrow_payments', current_database());
end $$;

revoke all on all tables in schema public, event_log from frontrow_payments, frontrow_relay;

grant usage on schema public, event_log to frontrow_payments;
grant select, insert, update, delete on all tables in schema public, event_log to frontrow_payments;
grant usage, select on all sequences in schema public, event_log to frontrow_payments;
revoke all on schema_migrations from frontrow_payments;
-- The journal is append only, and so are the payouts.
revoke update, delete on journal_entries, journal_lines, payouts from frontrow_payments;
revoke insert, update, delete on relay_slots, relay_positions from frontrow_payments;

grant usage on schema public, event_log to frontrow_relay;
grant select on outbox to frontrow_relay;
grant select, insert, update, delete on relay_slots, relay_positions to frontrow_relay;
grant select on event_log.parked to frontrow_relay;
