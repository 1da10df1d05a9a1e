-- A plan, its sections and its seats are written in one transaction by one function and never change afterwards. Looking
-- up plan and section for each of 1.1 million seats took half of the first import: 15 s with these keys, 8 s without.
alter table venue_seats
  drop constraint venue_seats_plan_id_fkey,
  drop constraint venue_seats_section_id_fkey;
