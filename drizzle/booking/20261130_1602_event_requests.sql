-- Requests that made events, by the key that the caller chose: a request that is sent again returns the events of the first.
create table event_requests (
  organization_id uuid not null references organizations,
  idempotency_key text not null check (idempotency_key <> ''),
  request_hash text not null,
  event_ids uuid[] not null,
  created_at timestamptz not null default now(),
  primary key (organization_id, idempotency_key)
);
