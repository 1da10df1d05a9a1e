-- Money that was sent to organizers. A row is never changed: docs/decisions/0033-the-api-asks-payments-for-the-books.md.
create table payouts (
  -- Also that of its journal entry.
  id uuid primary key,
  organization_id uuid not null,
  currency text not null,
  amount_minor bigint not null check (amount_minor > 0),
  -- Of the bank transfer.
  reference text not null,
  paid_at timestamptz not null,
  idempotency_key text not null,
  request_hash text not null,
  -- The account or access key that recorded it.
  recorded_by uuid not null,
  recorded_at timestamptz not null default now(),
  constraint payouts_key unique (organization_id, idempotency_key)
);
create trigger payouts_append_only before update or delete or truncate on payouts
  for each statement execute function refuse_journal_change();

-- Statements and the export of the journal read it. For a large table build it by hand before the deploy, CONCURRENTLY.
create index if not exists journal_entries_organization on journal_entries (organization_id, entered_at, id);
