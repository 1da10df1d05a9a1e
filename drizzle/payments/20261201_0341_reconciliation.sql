-- Each day is compared with the gateway's list: docs/decisions/0035-a-difference-is-shown-never-corrected.md.
create table reconciled_days (
  gateway text not null,
  -- In UTC.
  day date not null,
  -- Until then the day belongs to the process that compares it.
  claimed_until timestamptz,
  -- Of the last comparison. Null: it has not ended yet.
  reconciled_at timestamptz,
  primary key (gateway, day)
);

-- A row stays when its difference is gone: then it has resolved_at.
create table reconciliation_differences (
  gateway text not null,
  day date not null,
  kind text not null check (kind in ('MISSING_HERE', 'MISSING_AT_GATEWAY', 'OTHER_AMOUNT')),
  movement text not null check (movement in ('CAPTURE', 'REFUND', 'REFUND_RETURNED', 'DISPUTE_WITHDRAWN', 'DISPUTE_RETURNED')),
  -- The gateway's, or refund:<refund id> for a refund of ours that has none.
  reference text not null,
  booking_id text,
  our_minor bigint,
  our_currency text,
  gateway_minor bigint,
  gateway_currency text,
  happened_at timestamptz not null,
  found_at timestamptz not null default now(),
  resolved_at timestamptz,
  primary key (gateway, day, movement, reference, kind)
);
create index reconciliation_differences_open on reconciliation_differences (gateway, day) where resolved_at is null;

-- For a large table build it by hand before the deploy, CONCURRENTLY.
create index if not exists journal_entries_occurred on journal_entries (occurred_at);
