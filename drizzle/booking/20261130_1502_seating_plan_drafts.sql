-- A seating plan that an organizer imports is a draft, with published_at null, until it is published. Code of the last
-- release inserts plans without published_at: those are published at once, as before.
alter table seating_plans
  add column name text,
  add column created_at timestamptz,
  -- The upload that the plan was made of, so that a repeated import makes no second plan.
  add column upload_id uuid,
  add column import_format text,
  add column import_warnings jsonb not null default '[]',
  alter column published_at drop not null;
update seating_plans set created_at = published_at;
alter table seating_plans
  alter column created_at set default now(),
  alter column created_at set not null;
-- So that the sections of a draft are read without its layout. Null for plans of earlier releases, and for seats.
alter table sections
  add column kind text check (kind = 'GENERAL_ADMISSION'),
  add column places integer check (places > 0),
  add constraint sections_places check ((kind is null) = (places is null));
create unique index seating_plans_upload on seating_plans (upload_id) where upload_id is not null;

-- The seats of a plan never change, and nothing of it does once it is published. Only its organization may change.
create function seating_plan_stays() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.published_at is null then return old; end if;
  elsif (new.id, new.venue_id, new.version, new.seat_count, new.layout_hash, new.layout, new.created_at, new.upload_id)
      is not distinct from
      (old.id, old.venue_id, old.version, old.seat_count, old.layout_hash, old.layout, old.created_at, old.upload_id)
    and (old.published_at is null
      or (new.published_at, new.name) is not distinct from (old.published_at, old.name)) then
    return new;
  end if;
  raise exception 'Seating plan % cannot be changed.', old.id using errcode = 'restrict_violation';
end $$;
create trigger seating_plan_stays before update or delete on seating_plans
  for each row execute function seating_plan_stays();

create function seats_of_published_plan_stay() returns trigger language plpgsql as $$
begin
  if exists (select from seating_plans where id = old.plan_id and published_at is not null) then
    raise exception 'Seating plan % cannot be changed.', old.plan_id using errcode = 'restrict_violation';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger seats_of_published_plan_stay before update or delete on sections
  for each row execute function seats_of_published_plan_stay();
create trigger seats_of_published_plan_stay before update or delete on venue_seats
  for each row execute function seats_of_published_plan_stay();
