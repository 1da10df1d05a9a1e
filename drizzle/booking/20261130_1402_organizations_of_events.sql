-- Venues, seating plans and events belong to an organization. Code of the last release, which runs beside the new code
-- during a deploy, knows no organization: what it imports gets the default, the organization of imported data. A later
-- release drops the defaults and events.organizer_id, which that code still reads.
--
-- The id is nameBasedId('organization/Frontrow demo') of src/domain/catalog/import.
insert into organizations (id, name, country_code)
  values ('1a6682e4-de5b-8de9-81a5-153ba860268f', 'Frontrow demo', 'ZZ');

alter table venues add column organization_id uuid not null default '1a6682e4-de5b-8de9-81a5-153ba860268f' references organizations;
alter table seating_plans add column organization_id uuid not null default '1a6682e4-de5b-8de9-81a5-153ba860268f' references organizations;
alter table events add column organization_id uuid not null default '1a6682e4-de5b-8de9-81a5-153ba860268f' references organizations;
-- An event of an organization needs no organizer.
alter table events alter column organizer_id drop not null;

-- An account that an import made has no password, so it is impossible to sign in to it.
insert into organization_members (organization_id, user_id, role)
  select '1a6682e4-de5b-8de9-81a5-153ba860268f', id, 'OWNER' from users
  where role = 'ORGANIZER' and password_hash is null and not is_guest;

-- Each other organizer gets an organization, whose id is made from the organizer's, and becomes its OWNER. An organizer is
-- an account with that role, or one that has events. The country is that of the first venue, if there is one.
insert into organizations (id, name, country_code)
  select md5('organization/' || organizer.id)::uuid, organizer.display_name,
    coalesce((select venue.country_code from events event join venues venue on venue.id = event.venue_id
      where event.organizer_id = organizer.id order by event.seq limit 1), 'ZZ')
  from users organizer
  where not organizer.is_guest and not (organizer.role = 'ORGANIZER' and organizer.password_hash is null)
    and (organizer.role = 'ORGANIZER' or exists (select from events where events.organizer_id = organizer.id));
insert into organization_members (organization_id, user_id, role)
  select organization.id, organizer.id, 'OWNER'
  from users organizer join organizations organization on organization.id = md5('organization/' || organizer.id)::uuid;
update events set organization_id = organization.id
  from organizations organization where organization.id = md5('organization/' || events.organizer_id)::uuid;

create index venues_organization on venues (organization_id);
create index events_organization on events (organization_id, seq);
