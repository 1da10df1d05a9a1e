-- Refunds are rows of their own: n of a payment. The refund of all that is left, after the end of its booking, has the
-- booking's id, so its key at the gateway is that of the release before.
create table refunds (
  id uuid primary key,
  booking_id uuid not null,
  event_id uuid not null,
  status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
  -- BOOKING: we asked the gateway for it. GATEWAY: it was made there, without our request.
  origin text not null check (origin in ('BOOKING', 'GATEWAY')),
  -- All that was left of the payment.
  is_whole boolean not null,
  amount_minor bigint not null check (amount_minor >= 0),
  -- What is back of the payment at the end of its booking, over all refunds. Null: all of it, or this is of a part.
  final_minor bigint,
  currency text not null,
  seat_nos integer[] not null default '{}',
  -- [{ lineNo, minor }] of refundable_lines.
  lines jsonb not null default '[]',
  reason text not null,
  gateway_reference text,
  failure_reason text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint refunds_finished check ((status = 'PENDING') = (finished_at is null))
);
create index refunds_booking on refunds (booking_id);
create unique index refunds_reference on refunds (booking_id, gateway_reference) where gateway_reference is not null;

-- The lines of a capture from the first refund of its payment on. The check holds under any concurrency: a refund adds to
-- the row's present value.
create table refundable_lines (
  booking_id uuid not null,
  line_no integer not null,
  account text not null,
  name text,
  seat_no integer,
  paid_minor bigint not null,
  refunded_minor bigint not null default 0,
  primary key (booking_id, line_no),
  constraint refundable_lines_within_paid check (refunded_minor >= 0 and refunded_minor <= paid_minor)
);

-- Enters the refunds of these payments as the release before kept them: of the whole capture, in columns of the payment.
create function enter_older_refunds(payment_ids uuid[]) returns void language plpgsql as $$
declare
  p payments;
  asked uuid;
  done uuid;
begin
  for p in select * from payments where id = any (payment_ids) and status in ('REFUND_PENDING', 'REFUNDED') loop
    perform enter_captures(array[p.id]);
    asked := md5('refund ' || p.booking_id || ' REFUND_ASKED')::uuid;
    done := md5('refund ' || p.booking_id || ' REFUND_DONE')::uuid;
    insert into refunds (id, booking_id, event_id, status, origin, is_whole, amount_minor, currency, reason, gateway_reference)
    select p.booking_id, p.booking_id, p.event_id, 'PENDING', 'BOOKING', true,
      p.captured_minor - coalesce(sum(r.amount_minor), 0), coalesce(p.captured_currency, p.currency),
      coalesce(p.refund_reason, ''), p.refund_reference
    from refunds r where r.booking_id = p.booking_id and r.status <> 'FAILED'
    on conflict do nothing;
    if found and p.captured_minor > 0 then
      insert into refundable_lines (booking_id, line_no, account, name, seat_no, paid_minor)
      select p.booking_id, line_no, account, name, seat_no, -amount_minor from journal_lines
      where entry_id = p.id and line_no > 0 on conflict do nothing;
      insert into journal_entries (id, kind, booking_id, refund_id, organization_id, occurred_at)
      values (asked, 'REFUND_ASKED', p.booking_id, p.booking_id, p.organization_id, p.updated_at);
      insert into journal_lines (entry_id, line_no, account, name, organization_id, currency, amount_minor, booking_id, seat_no)
      select asked, 0, 'refunds_in_flight', null, p.organization_id, p.captured_currency, -sum(paid_minor - refunded_minor), p.booking_id, null
      from refundable_lines where booking_id = p.booking_id having sum(paid_minor - refunded_minor) > 0
      union all
      select asked, line_no, account, name, p.organization_id, p.captured_currency, paid_minor - refunded_minor, p.booking_id, seat_no
      from refundable_lines where booking_id = p.booking_id and refunded_minor < paid_minor;
      update refunds set lines = (select jsonb_agg(jsonb_build_object('lineNo', line_no, 'minor', paid_minor - refunded_minor))
        from refundable_lines where booking_id = p.booking_id and refunded_minor < paid_minor) where id = p.booking_id;
      update refundable_lines set refunded_minor = paid_minor where booking_id = p.booking_id;
    end if;
    if p.status = 'REFUNDED' then
      update refunds set status = 'SUCCEEDED', finished_at = coalesce(p.refunded_at, now()), updated_at = now()
      where id = p.booking_id and status = 'PENDING';
      if found and p.captured_minor > 0 then
        insert into journal_entries (id, kind, booking_id, refund_id, organization_id, occurred_at)
        values (done, 'REFUND_DONE', p.booking_id, p.booking_id, p.organization_id, coalesce(p.refunded_at, now()));
        insert into journal_lines (entry_id, line_no, account, organization_id, currency, amount_minor, booking_id)
        select done, side.no, side.account, p.organization_id, r.currency, side.sign * r.amount_minor, p.booking_id
        from refunds r, (values (0, 'refunds_in_flight', 1), (1, 'gateway_clearing', -1)) as side (no, account, sign)
        where r.id = p.booking_id;
      end if;
    end if;
    update payments set open_refunds = (select count(*) from refunds where booking_id = p.booking_id and status = 'PENDING')
    where id = p.id;
  end loop;
end $$;

-- A process of the release before records a capture or a refund without the journal: this enters it in the same
-- transaction. In one of this release it finds the entry. It goes with the next release.
create function enter_for_older_release() returns trigger language plpgsql as $$
begin
  if not exists (select from journal_entries where id = new.id) then
    perform enter_captures(array[new.id]);
  end if;
  if (new.status = 'REFUND_PENDING' and not exists (select from refunds where booking_id = new.booking_id and is_whole))
    or (new.status = 'REFUNDED' and new.refunded_minor is distinct from
      (select sum(amount_minor) from refunds where booking_id = new.booking_id and status = 'SUCCEEDED')) then
    perform enter_older_refunds(array[new.id]);
  end if;
  return null;
end $$;
create constraint trigger payments_enter after update on payments
  deferrable initially deferred for each row
  when (new.captured_at is not null and (old.captured_at is null or old.status <> new.status))
  execute function enter_for_older_release();

-- A payment with refunds under way is due as well. For a large table build it by hand before the deploy, CONCURRENTLY.
create index if not exists payments_owed on payments (next_check_at)
  where status in ('CREATING_SESSION', 'SESSION_CREATED', 'REFUND_PENDING') or in_doubt or open_refunds > 0;
drop index payments_due;
