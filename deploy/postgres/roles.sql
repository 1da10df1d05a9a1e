-- The roles of Frontrow. Run it as a superuser (or as the master user of a managed server) in the booking database and in the
-- payments database, with psql -f or with `frontrow roles`, which also sets the passwords. A second run changes nothing.
--
--   frontrow_owner     owns all tables; only migrations are run with it
--   frontrow_app       api, worker, and commands run by hand: reads and writes rows of the booking database
--   frontrow_payments  payments: rows of the payments database, and of the event log in the booking database
--   frontrow_relay     relay: replicates, reads the outboxes and appends to the event log
--
-- booking-grants.sql and payments-grants.sql have the rights of each role; the owner runs them after each migration. Before the
-- first migration the booking database also needs booking-extensions.sql.

do $$
declare
  one text;
begin
  foreach one in array array['frontrow_owner', 'frontrow_app', 'frontrow_payments', 'frontrow_relay'] loop
    if not exists (select from pg_roles where rolname = one) then
      execute format('create role %I login', one);
    end if;
  end loop;
end $$;

-- Only the relay, which replicates, needs more than rights to rows.
alter role frontrow_relay replication;
-- Lets the migration name the transaction that it waits for.
grant pg_read_all_stats to frontrow_owner;

do $$
declare
  ours constant text[] := array['public', 'event_log'];
  one record;
begin
  execute format('alter database %I owner to frontrow_owner', current_database());
  execute format('revoke all on database %I from public', current_database());
  for one in select nspname from pg_namespace where nspname = any (ours) loop
    execute format('alter schema %I owner to frontrow_owner', one.nspname);
    execute format('revoke all on schema %I from public', one.nspname);
  end loop;

  -- For a database that another role has migrated before. Objects of extensions keep their owner.
  for one in
    select c.oid::regclass as name, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (ours) and c.relkind in ('r', 'p', 'S', 'v', 'm') and c.relowner <> 'frontrow_owner'::regrole
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('e', 'a', 'i') and d.refclassid <> 'pg_namespace'::regclass)
  loop
    execute format('alter %s %s owner to frontrow_owner',
      case one.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, one.name);
  end loop;
  for one in
    select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (ours) and c.relkind = 'r' and c.relispartition and c.relowner <> 'frontrow_owner'::regrole
  loop
    execute format('alter table %s owner to frontrow_owner', one.name);
  end loop;
  for one in
    select p.oid::regprocedure as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = any (ours) and p.proowner <> 'frontrow_owner'::regrole
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  loop
    execute format('alter function %s owner to frontrow_owner', one.name);
  end loop;
  for one in select pubname from pg_publication where pubowner <> 'frontrow_owner'::regrole loop
    execute format('alter publication %I owner to frontrow_owner', one.pubname);
  end loop;
end $$;
