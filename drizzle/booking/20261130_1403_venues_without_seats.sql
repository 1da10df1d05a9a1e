-- A venue that an organizer makes has no seats until its first seating plan is published.
alter table venues drop constraint venues_capacity_check, add constraint venues_capacity_check check (capacity >= 0);
