-- The journal: double entry, append only. Each entry is written in the transaction of the payment, refund or dispute that it
-- records. See docs/decisions/0031-the-journal-is-append-only.md.

create table journal_entries (
  -- Made from what it records (the payment's id, or a hash of the refund's id and the kind), so a fact is entered once.
  id uuid primary key,
  kind text not null check (kind in ('CAPTURE', 'REFUND_ASKED', 'REFUND_DONE', 'REFUND_UNDONE', 'DISPUTE_OPENED',
    'DISPUTE_LOST', 'DISPUTE_WON', 'SALE', 'SALE_REFUND', 'PAYOUT')),
  booking_id uuid,
  refund_id uuid,
  -- Null: the message that opened the payment was of a release that did not know it.
  organization_id uuid,
  occurred_at timestamptz not null,
  entered_at timestamptz not null default now(),
  -- Lines may only be added in the transaction of their entry.
  written_in xid8 not null default pg_current_xact_id()
);

create table journal_lines (
  entry_id uuid not null,
  line_no integer not null,
  account text not null check (account in ('gateway_clearing', 'cash_drawer', 'card_terminal', 'invoices',
    'organizer_payable', 'fees', 'tax_payable', 'refunds_in_flight', 'disputes', 'payouts')),
  -- The tax, or the fee.
  name text check (name is not null or account <> 'tax_payable'),
  organization_id uuid,
  currency text not null,
  -- Minor units; a debit is positive, a credit negative.
  amount_minor bigint not null check (amount_minor <> 0),
  booking_id uuid,
  -- Null: of the booking as a whole.
  seat_no integer,
  primary key (entry_id, line_no)
);

-- At commit, once per entry.
create function check_journal_entry() returns trigger language plpgsql as $$
begin
  if not exists (select from journal_lines where entry_id = new.id)
    or exists (select from journal_lines where entry_id = new.id group by currency having sum(amount_minor) <> 0) then
    raise exception 'the lines of the journal entry % do not add up to zero', new.id using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger journal_entry_balances after insert on journal_entries
  deferrable initially deferred for each row execute function check_journal_entry();

create function check_journal_lines() returns trigger language plpgsql as $$
begin
  if exists (select from fresh left join journal_entries e on e.id = fresh.entry_id
    where e.written_in is distinct from pg_current_xact_id()) then
    raise exception 'a line may only be added in the transaction of its journal entry' using errcode = 'check_violation';
  end if;
  return null;
end $$;
create trigger journal_lines_with_entry after insert on journal_lines
  referencing new table as fresh for each statement execute function check_journal_lines();

-- Beside the missing rights of the role, because an embedded server has one role, which owns all tables.
create function refuse_journal_change() returns trigger language plpgsql as $$
begin
  raise exception 'the journal is append only: a correction is a new entry' using errcode = 'insufficient_privilege';
end $$;
create trigger journal_entries_append_only before update or delete or truncate on journal_entries
  for each statement execute function refuse_journal_change();
create trigger journal_lines_append_only before update or delete or truncate on journal_lines
  for each statement execute function refuse_journal_change();

-- `credits`: what a capture of exactly the requested amount credits, as [{ account, name, minor, seat }]. Null, as
-- organization_id: of a message of the release before, whose capture is one line for the organizer.
alter table payments
  add column organization_id uuid,
  add column credits jsonb,
  -- What the gateway's notices about refunds and disputes name instead of the session.
  add column gateway_payment text,
  add column open_refunds integer not null default 0 check (open_refunds >= 0);

-- Enters the captures of these payments that are not entered yet. A capture of another amount or currency than requested
-- has no parts: it goes back as a whole.
create function enter_captures(payment_ids uuid[]) returns void language sql as $$
  with taken as materialized (
    select p.id, p.booking_id, p.organization_id, p.captured_minor, p.captured_currency, p.captured_at,
      case when p.credits is not null and p.captured_minor = p.amount_minor and p.captured_currency = p.currency
        then p.credits
        else jsonb_build_array(jsonb_build_object('account', 'organizer_payable', 'minor', p.captured_minor)) end as credits
    from payments p where p.id = any (payment_ids) and p.captured_minor > 0
  ), entries as (
    insert into journal_entries (id, kind, booking_id, organization_id, occurred_at)
    select id, 'CAPTURE', booking_id, organization_id, captured_at from taken
    on conflict do nothing
  )
  insert into journal_lines (entry_id, line_no, account, name, organization_id, currency, amount_minor, booking_id, seat_no)
  select id, 0, 'gateway_clearing', null, organization_id, captured_currency, captured_minor, booking_id, null from taken
  union all
  select t.id, c.no, c.account, c.name, t.organization_id, t.captured_currency, -c.minor, t.booking_id, c.seat
  from taken t, lateral rows from (jsonb_to_recordset(t.credits) as (account text, name text, minor bigint, seat integer))
    with ordinality as c (account, name, minor, seat, no)
  where c.minor <> 0
  on conflict do nothing
$$;
