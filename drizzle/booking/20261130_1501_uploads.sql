-- Files that organizers send: seating plans and images of events. The bytes are here, because every api process must read
-- them and they must survive the loss of any process. They are in pieces, so that no process handles a whole file in one
-- statement.
create table uploads (
  id uuid primary key,
  organization_id uuid not null references organizations,
  purpose text not null check (purpose in ('SEATING_PLAN', 'EVENT_IMAGE')),
  content_type text not null,
  byte_count integer not null check (byte_count between 1 and 33554432),
  -- Of the secret in the address to which the client sends the bytes.
  secret_hash bytea not null,
  -- SHA-256 of the bytes; null until they were sent.
  content_hash bytea,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- By a seating plan, whose bytes are deleted then, or by an event, which shows the image.
  used_at timestamptz,
  check (used_at is null or content_hash is not null)
);
create index uploads_unused on uploads (organization_id, expires_at) where used_at is null;
create index uploads_expired on uploads (expires_at);

create table upload_pieces (
  upload_id uuid not null references uploads on delete cascade,
  position integer not null check (position >= 0),
  bytes bytea not null,
  primary key (upload_id, position)
);
-- Images are compressed already, and a plan is read once.
alter table upload_pieces alter column bytes set storage external;
