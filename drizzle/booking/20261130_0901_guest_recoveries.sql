-- Mails that are still to be sent. A row is written in the transaction of what the mail is about, and deleted as soon as
-- the mail server has taken the mail: the address is kept no longer than it is needed. It carries no token: that is made
-- when the mail is written.
create table mails (
  id uuid primary key,
  kind text not null check (kind in ('GUEST_RECOVERY')),
  recipient citext not null,
  tries integer not null default 0,
  next_try_at timestamptz not null default now(),
  created_at timestamptz not null default now()
);
create index mails_due on mails (next_try_at);

-- The links in those mails. Each try to send a mail has tokens of its own; only their hashes are kept.
create table guest_recoveries (
  token_hash bytea primary key,
  mail_id uuid not null,
  user_id uuid not null references users,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index guest_recoveries_mail on guest_recoveries (mail_id);
create index guest_recoveries_user on guest_recoveries (user_id);
create index guest_recoveries_expired on guest_recoveries (expires_at);

-- A mail asks for the guests of its address; retention asks for old guests.
create index users_guest_email on users (email) where is_guest;
