-- Run it once in the booking database and once in the payments database, as a superuser or an owner who may make roles. The role
-- reads only the outbox and its WAL. The publication `frontrow_outbox` (inserts into the outbox) is made by the
-- migrations; the server needs wal_level=logical, as for Frontrow's relay. Then give it a password:
--   alter role frontrow_cdc password '...';

do $$ begin
  create role frontrow_cdc login replication;
exception when duplicate_object then null;
end $$;

do $$ begin
  execute format('grant connect on database %I to frontrow_cdc', current_database());
end $$;

grant usage on schema public to frontrow_cdc;
grant select on outbox to frontrow_cdc;
