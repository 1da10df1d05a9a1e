-- Seats of an event that are not for the public: a name, why, and when the rest of them goes to the public. The seats
-- themselves name their allocation, so that the writer reads and writes it with the seat.
create table allocations (
  event_id uuid not null,
  name text not null check (name <> ''),
  reason text,
  release_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (event_id, name)
);
create index allocations_release on allocations (release_at) where release_at is not null;

alter table event_seats add column allocation text;
-- A release gives such a seat back to its allocation. A process of the release before, which knows no allocations, would
-- give it to the public: this refuses its write, and a process of this release ends the hold a little later.
-- Not valid: every present row has no allocation, so there is nothing to scan for while holds wait.
alter table event_seats
  add constraint event_seats_allocation check (allocation is null or status <> 'AVAILABLE') not valid;
