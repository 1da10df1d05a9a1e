-- What a fan with a code may have: seats of allocations, ticket types, a lower price. Only the hash of a code is kept.
-- `uses` is counted behind the event's lock: the bookings with the code that wait for payment or that were paid.
create table codes (
  id uuid primary key,
  event_id uuid not null,
  code_hash bytea not null,
  opens text[] not null,
  -- A decimal number, as the price list writes percentages.
  discount_percent text,
  discount_minor bigint check (discount_minor > 0),
  uses_per_code integer not null check (uses_per_code > 0),
  uses integer not null default 0,
  valid_from timestamptz,
  valid_until timestamptz,
  created_at timestamptz not null default now(),
  unique (event_id, code_hash),
  constraint codes_uses check (uses between 0 and uses_per_code),
  constraint codes_discount check (discount_percent is null or discount_minor is null)
);

-- The codes of a booking; null without codes.
alter table bookings add column code_ids uuid[];
