-- The price lists of an event. A list never changes: a new price is a new version, and the latest one is in force. The content
-- has levels, ticket types, fees, taxes, and the step of the gateway at that time. `seat_levels` has one byte a seat: the
-- position of the seat's level in the content. Null: each seat has the level that its seating plan names, so an imported event
-- needs no painting of its own.
create table price_lists (
  id uuid primary key,
  event_id uuid not null references events,
  version integer not null check (version > 0),
  content jsonb not null,
  seat_levels bytea,
  -- Null for a list of an import.
  made_by uuid,
  created_at timestamptz not null default now(),
  unique (event_id, version)
);
-- From here on `price_tiers` is what a fan pays for one seat of each level of the list in force, for the catalogue and its
-- search: `fee_minor` is the part that is not the face price. Processes of the release before read it as their prices, and it
-- says the same for every list that this file makes. Import only with the new release, because an import of the release before
-- makes no list.
insert into price_lists (id, event_id, version, content)
select gen_random_uuid(), e.id, 1, jsonb_build_object(
  'currency', e.currency,
  'step', 1,
  'ticketTypes', jsonb_build_array(jsonb_build_object('key', 'standard', 'name', 'Standard')),
  'levels', t.levels,
  'fees', '[]'::jsonb,
  'taxes', '[]'::jsonb)
from events e
join (
  select event_id, jsonb_agg(jsonb_build_object(
    'key', name,
    'name', name,
    'prices', jsonb_build_array(jsonb_build_object('ticketType', 'standard', 'amountMinor', price_minor)),
    'fees', case when fee_minor > 0
      then jsonb_build_array(jsonb_build_object('name', 'Fee', 'perTicketMinor', fee_minor, 'refundable', true))
      else '[]'::jsonb end) order by name) as levels
  from price_tiers group by event_id) t on t.event_id = e.id;
