-- An organization owns venues, seating plans, events and money. Its members may do what their role allows; the table of
-- rights is src/domain/organization/rights-rules.ts.
create table organizations (
  id uuid primary key,
  name text not null check (name <> ''),
  -- ZZ: unknown.
  country_code text not null check (country_code ~ '^[A-Z]{2}$'),
  created_at timestamptz not null default now()
);

create table organization_members (
  organization_id uuid not null references organizations,
  user_id uuid not null references users,
  role text not null check (role in ('OWNER', 'MANAGER', 'BOX_OFFICE', 'DOOR', 'FINANCE', 'READER')),
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);
create index organization_members_user on organization_members (user_id);

-- A token works once, for the account with this address. Only its hash is kept.
create table organization_invitations (
  id uuid primary key,
  organization_id uuid not null references organizations,
  email citext not null,
  role text not null check (role in ('OWNER', 'MANAGER', 'BOX_OFFICE', 'DOOR', 'FINANCE', 'READER')),
  token_hash bytea not null unique,
  invited_by uuid not null references users,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create unique index organization_invitations_address on organization_invitations (organization_id, email);
create index organization_invitations_inviter on organization_invitations (invited_by);

-- A key for servers. Only the hash of its secret is kept.
create table access_keys (
  id uuid primary key,
  organization_id uuid not null references organizations,
  name text not null,
  role text not null check (role in ('OWNER', 'MANAGER', 'BOX_OFFICE', 'DOOR', 'FINANCE', 'READER')),
  secret_hash bytea not null unique,
  created_by uuid not null references users,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  -- Written at most once a minute.
  last_used_at timestamptz
);
create index access_keys_organization on access_keys (organization_id, id);
create index access_keys_creator on access_keys (created_by);

-- Each change that an organizer made: who, with which role, what, before and after. No personal data: ids only. Of a change
-- that an operator made with a command of the server there is neither a user nor a key.
create table organizer_audit (
  id uuid primary key,
  organization_id uuid not null references organizations,
  changed_at timestamptz not null default now(),
  user_id uuid,
  access_key_id uuid,
  role text not null check (role in ('OWNER', 'MANAGER', 'BOX_OFFICE', 'DOOR', 'FINANCE', 'READER', 'ADMIN', 'OPERATOR')),
  operation text not null,
  -- Such as 'Event' and its id.
  subject_type text not null,
  subject_id uuid not null,
  before jsonb,
  after jsonb,
  check (user_id is null or access_key_id is null)
);
create index organizer_audit_organization on organizer_audit (organization_id, id);
create index organizer_audit_subject on organizer_audit (subject_id, id);
