-- One row: how far the worker `announce-older-sales` is, which sends the box-office sales from before the journal had them once
-- more, for payments. It waits until no process of the release before runs, because such a process parks a message that it does not
-- know: docs/decisions/0033-the-api-asks-payments-for-the-books.md.
create table older_sales (
  number smallint primary key default 1 check (number = 1),
  begins_at timestamptz not null,
  -- The last booking that was looked at.
  cursor uuid not null default '00000000-0000-0000-0000-000000000000',
  announced integer not null default 0,
  finished_at timestamptz
);
-- An empty system has no older sale.
insert into older_sales (begins_at, finished_at)
select now() + interval '1 hour', case when exists (select from bookings) then null else now() end;
