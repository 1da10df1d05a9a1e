-- Invariants of money, over three sets of books: `payments` and `outbox` of the payments database, and the temporary
-- tables `booking_facts` (of the booking database, see money.ts; is_online: not sold at the box office), `gateway_captures` and `gateway_refunds` (reference,
-- booking_id, amount_minor, currency) and `gateway_disputes` (reference, amount_minor, currency, status), which the runner fills. Each query returns
-- `subject` and `detail`; the invariant holds when it returns no row. `frontrow.grace` is how long work may be under way: zero when the system is idle.

-- I07 every PAYMENT_SUCCESS ends CONFIRMED or REFUNDED; REFUND_PENDING <= 15 min
select p.booking_id::text as subject, p.status || ' while the booking is ' || coalesce(b.status, 'unknown') as detail
from payments p left join booking_facts b on b.id = p.booking_id
where p.status = 'PAYMENT_SUCCESS' and b.status is distinct from 'CONFIRMED'
  -- The bank has the money, or has sent it back: then a person gives it to the fan in another way.
  and p.disputed_minor = 0 and not exists (select from refunds r where r.booking_id = p.booking_id and r.status = 'FAILED')
  and p.updated_at <= now() - current_setting('frontrow.grace')::interval
union all
select p.booking_id::text, 'REFUND_PENDING since ' || p.updated_at
from payments p
where p.status = 'REFUND_PENDING'
  and p.updated_at <= now() - case when current_setting('frontrow.grace')::interval = interval '0' then interval '0' else interval '15 minutes' end;

-- I08 CONFIRMED online => exactly one capture with the same amount and currency
select b.id::text as subject, count(c.reference) || ' captures of ' || coalesce(string_agg(c.amount_minor || ' ' || c.currency, ', '), 'nothing')
  || ' for ' || b.total_minor || ' ' || b.currency as detail
from booking_facts b left join gateway_captures c on c.booking_id = b.id::text
where b.status = 'CONFIRMED' and b.is_online and b.total_minor > 0
group by b.id, b.total_minor, b.currency
having count(c.reference) <> 1 or min(c.amount_minor) <> b.total_minor or min(c.currency) <> b.currency
union all
select b.id::text, 'our payment is ' || coalesce(p.status || ' of ' || p.captured_minor || ' ' || p.captured_currency, 'missing')
from booking_facts b left join payments p on p.booking_id = b.id
where b.status = 'CONFIRMED' and b.is_online
  and (p.status, p.captured_minor, p.captured_currency) is distinct from ('PAYMENT_SUCCESS', b.total_minor, b.currency);

-- I09 per currency: captured - refunded - lost = sum of totals CONFIRMED online, without parts that went back or were lost + captures in flight
with kept as (
  select currency, sum(amount_minor) as minor from (
    select currency, amount_minor from gateway_captures
    union all
    select currency, -amount_minor from gateway_refunds
    union all
    select currency, -amount_minor from gateway_disputes where status = 'lost') moves
  group by currency
), unsettled as (
  -- A bank sent a refund back, so that a person gives the money back in another way; or it took what the fan should have lost.
  select booking_id from refunds where status = 'FAILED' and (failure_reason = 'GATEWAY_FAILED' or final_minor is not null)
  union
  select r.booking_id from refunds r join disputes d on d.booking_id = r.booking_id
  where r.final_minor is not null and d.status = 'LOST'
), owed as (
  select currency, sum(total_minor) as minor from (
    select currency, total_minor from booking_facts where status = 'CONFIRMED' and is_online
    union all
    select r.currency, -r.amount_minor from refunds r join booking_facts b on b.id = r.booking_id
    where b.status = 'CONFIRMED' and r.status = 'SUCCEEDED' and not r.is_whole
    union all
    select d.currency, -d.amount_minor from disputes d join booking_facts b on b.id = d.booking_id
    where b.status = 'CONFIRMED' and d.status = 'LOST'
    union all
    -- The fees that the organizer keeps when a booking ends, unless the gateway gave back more by itself.
    select r.currency, p.captured_minor - greatest(r.final_minor, p.refunded_minor)
    from refunds r join payments p on p.booking_id = r.booking_id join booking_facts b on b.id = p.booking_id
    where b.status <> 'CONFIRMED' and r.status = 'SUCCEEDED' and r.final_minor is not null
      and not exists (select from unsettled u where u.booking_id = p.booking_id)
      and p.captured_at <= now() - current_setting('frontrow.grace')::interval
    union all
    select p.captured_currency, p.captured_minor - p.refunded_minor
      - (select coalesce(sum(amount_minor), 0) from disputes d where d.booking_id = p.booking_id and d.status = 'LOST')
    from payments p join unsettled u on u.booking_id = p.booking_id join booking_facts b on b.id = p.booking_id
    where b.status <> 'CONFIRMED' and p.captured_at <= now() - current_setting('frontrow.grace')::interval
    union all
    select c.currency, c.amount_minor - coalesce((select sum(r.amount_minor) from gateway_refunds r where r.reference = c.reference), 0)
    from gateway_captures c left join booking_facts b on b.id::text = c.booking_id
    where b.status is distinct from 'CONFIRMED' and c.captured_at > now() - current_setting('frontrow.grace')::interval) parts
  group by currency
)
select coalesce(kept.currency, owed.currency) as subject,
  'the gateway keeps ' || coalesce(kept.minor, 0) || ', we account for ' || coalesce(owed.minor, 0) as detail
from kept full join owed on owed.currency = kept.currency
where coalesce(kept.minor, 0) <> coalesce(owed.minor, 0);

-- I10 refunds <= capture; never a refund while CONFIRMED, except of parts that we know
select r.reference as subject, 'refunded ' || sum(r.amount_minor) || ' of ' || coalesce(max(c.amount_minor), 0) as detail
from gateway_refunds r left join gateway_captures c on c.reference = r.reference
group by r.reference
having sum(r.amount_minor) > coalesce(max(c.amount_minor), 0)
union all
select b.id::text, 'CONFIRMED, and money went back at the gateway'
from booking_facts b join gateway_refunds g on g.booking_id = b.id::text
where b.status = 'CONFIRMED'
group by b.id having sum(g.amount_minor) >
  coalesce((select sum(r.amount_minor) from refunds r where r.booking_id = b.id and r.status <> 'FAILED' and not r.is_whole), 0)
union all
select b.id::text, 'CONFIRMED, and our payment is ' || p.status
from booking_facts b join payments p on p.booking_id = b.id
where b.status = 'CONFIRMED' and p.status in ('REFUND_PENDING', 'REFUNDED')
union all
select p.booking_id::text, 'refunded ' || p.refunded_minor || ' of ' || p.captured_minor
from payments p where p.refunded_minor > p.captured_minor;

-- I11 gateway ledger and our payments name the same captures, refunds and disputes
select c.reference as subject, 'orphan charge of ' || c.amount_minor || ' ' || c.currency as detail
from gateway_captures c
where c.captured_at <= now() - current_setting('frontrow.grace')::interval
  and not exists (select from payments p where p.gateway_reference = c.reference
    and p.captured_minor = c.amount_minor and p.captured_currency = c.currency)
union all
select p.booking_id::text, 'phantom success of ' || p.captured_minor || ' ' || p.captured_currency
from payments p
where p.captured_minor > 0 and not exists (select from gateway_captures c where c.reference = p.gateway_reference
  and c.amount_minor = p.captured_minor and c.currency = p.captured_currency)
union all
select p.booking_id::text, 'we say ' || p.refunded_minor || ' went back, the gateway says ' || coalesce(sum(r.amount_minor), 0)
from payments p left join gateway_refunds r on r.reference = p.gateway_reference
where p.status <> 'REFUND_PENDING'
  -- A refund of a part that is under way may have been made there. At rest none is.
  and (p.open_refunds = 0 or current_setting('frontrow.grace')::interval = interval '0')
group by p.id having p.refunded_minor <> coalesce(sum(r.amount_minor), 0)
union all
select p.booking_id::text, 'we say ' || p.disputed_minor || ' is disputed or lost, the gateway says ' || coalesce(sum(d.amount_minor), 0)
from payments p left join gateway_disputes d on d.reference = p.gateway_reference and d.status in ('open', 'lost')
where p.updated_at <= now() - current_setting('frontrow.grace')::interval
group by p.id having p.disputed_minor <> coalesce(sum(d.amount_minor), 0);

-- I12 one payment per booking that was made online, and none of one that the box office sold
select booking_id::text as subject, count(*) || ' payments' as detail
from payments group by booking_id having count(*) > 1
union all
select booking_id, count(*) || ' captures' from gateway_captures group by booking_id having count(*) > 1
union all
select b.id::text, 'no payment' from booking_facts b
where b.is_online and b.created_at <= now() - current_setting('frontrow.grace')::interval
  and not exists (select from payments p where p.booking_id = b.id)
union all
select b.id::text, 'sold at the box office, and there is a payment' from booking_facts b
where not b.is_online and (exists (select from payments p where p.booking_id = b.id)
  or exists (select from gateway_captures c where c.booking_id = b.id::text));

-- I16P exactly one outbox event per transition of a payment, none without one
with expected as (
  select booking_id, 'PaymentSessionOpened' as type, (payment_url is not null)::int as times from payments
  union all
  select booking_id, 'PaymentSucceeded', (captured_at is not null and refund_reason is distinct from 'AMOUNT_MISMATCH')::int from payments
  union all
  select booking_id, 'PaymentFailed', (failure_reason is not null)::int from payments
  union all
  select booking_id, 'RefundRequested', (refund_reason is not null)::int from payments
  union all
  select booking_id, 'PaymentRefunded', (refunded_at is not null)::int from payments
  union all
  select e.booking_id, 'RefundChanged', count(*)::int from journal_entries e join refunds r on r.id = e.refund_id
  where not r.is_whole or e.kind = 'REFUND_UNDONE' group by 1
  -- A refund of nothing has no entry.
  union all
  select booking_id, 'RefundChanged', (count(*) + count(*) filter (where status <> 'PENDING'))::int
  from refunds where not is_whole and amount_minor = 0 group by 1
), sums as (
  select booking_id, type, sum(times)::int as times from expected group by 1, 2
), published as (
  select aggregateid as booking_id, type, count(*)::int as times from outbox o
  -- One message may report several states of a dispute.
  where o.type <> 'PaymentDisputed' or not exists (select from disputes d where d.booking_id::text = o.aggregateid)
  group by 1, 2
)
select coalesce(e.booking_id::text, o.booking_id) as subject,
  coalesce(e.type, o.type) || ' published ' || coalesce(o.times, 0) || ' times for ' || coalesce(e.times, 0) as detail
from sums e full join published o on o.booking_id = e.booking_id::text and o.type = e.type
where coalesce(o.times, 0) <> coalesce(e.times, 0)
  -- Outbox rows are kept for 7 days.
  and not exists (select from payments p where p.booking_id = e.booking_id and p.created_at < now() - interval '6 days');

-- I17P no notice stays unapplied whose payment is known
select n.gateway_event_id as subject, n.type || ' for ' || n.reference as detail
from notices n join payments p on p.gateway = n.gateway and p.gateway_reference = n.reference
where n.handled_at is null and n.received_at <= now() - current_setting('frontrow.grace')::interval;

-- M1 every journal entry sums to zero per currency
select e.id::text as subject, e.kind || ' sums to ' || coalesce(sum(l.amount_minor)::text, 'nothing') || coalesce(' ' || l.currency, '') as detail
from journal_entries e left join journal_lines l on l.entry_id = e.id
group by e.id, l.currency having coalesce(sum(l.amount_minor), 1) <> 0;

-- M2 the trial balance is zero per currency
select currency as subject, 'all accounts together are ' || sum(amount_minor) as detail
from journal_lines group by currency having sum(amount_minor) <> 0;

-- M3 per line of a payment: refunded <= paid, and the refunds that stand add up to it exactly
with refunded as (
  select r.booking_id, (line ->> 'lineNo')::int as line_no, sum((line ->> 'minor')::bigint) as minor
  from refunds r, jsonb_array_elements(r.lines) as line where r.status <> 'FAILED' group by 1, 2
)
select coalesce(l.booking_id, r.booking_id)::text as subject,
  'line ' || coalesce(l.line_no, r.line_no) || ': ' || coalesce(l.refunded_minor, 0) || ' of ' || coalesce(l.paid_minor, 0)
  || ', its refunds come to ' || coalesce(r.minor, 0) as detail
from refundable_lines l full join refunded r on r.booking_id = l.booking_id and r.line_no = l.line_no
where coalesce(l.refunded_minor, 0) <> coalesce(r.minor, 0) or l.refunded_minor > l.paid_minor
union all
select r.id::text, 'a refund of ' || r.amount_minor || ' whose lines come to ' || coalesce(sum((line ->> 'minor')::bigint), 0)
from refunds r left join lateral jsonb_array_elements(r.lines) as line on true
group by r.id having r.amount_minor <> coalesce(sum((line ->> 'minor')::bigint), 0);

-- M4 the journal has each payment, refund, sale and payout once and with its amount; what is owed to an organization is their sum
with entered as (
  select e.booking_id, e.refund_id, e.kind, sum(l.amount_minor) as minor
  from journal_entries e join journal_lines l on l.entry_id = e.id
  where (e.kind, l.account) in (('CAPTURE', 'gateway_clearing'), ('REFUND_ASKED', 'refunds_in_flight'), ('REFUND_DONE', 'gateway_clearing'))
  group by e.id
)
select p.booking_id::text as subject, 'captured ' || p.captured_minor || ', entered ' || coalesce(e.minor, 0) as detail
from payments p left join entered e on e.booking_id = p.booking_id and e.kind = 'CAPTURE'
where p.captured_minor <> coalesce(e.minor, 0)
union all
select r.id::text, r.status || ' of ' || r.amount_minor || ', asked ' || coalesce(a.minor, 0) || ', done ' || coalesce(d.minor, 0)
from refunds r left join entered a on a.refund_id = r.id and a.kind = 'REFUND_ASKED'
  left join entered d on d.refund_id = r.id and d.kind = 'REFUND_DONE'
where -coalesce(a.minor, 0) <> r.amount_minor or (r.status = 'SUCCEEDED' and -coalesce(d.minor, 0) <> r.amount_minor)
  or (r.status = 'PENDING' and d.minor is not null)
union all
select r.id::text, r.status || ', and ' || count(u.id) || ' entries undo it'
from refunds r left join journal_entries u on u.refund_id = r.id and u.kind = 'REFUND_UNDONE'
where r.amount_minor > 0 group by r.id having count(u.id) <> (r.status = 'FAILED')::int
union all
select p.booking_id::text, 'refunded ' || p.refunded_minor || ' and ' || p.open_refunds || ' under way, its refunds: '
  || coalesce(sum(r.amount_minor) filter (where r.status = 'SUCCEEDED'), 0) || ' and ' || count(r.id) filter (where r.status = 'PENDING')
from payments p left join refunds r on r.booking_id = p.booking_id
group by p.id having p.refunded_minor <> coalesce(sum(r.amount_minor) filter (where r.status = 'SUCCEEDED'), 0)
  or p.open_refunds <> count(r.id) filter (where r.status = 'PENDING')
union all
-- By organization and currency: what is owed to it is what was sold, without refunds, lost disputes and payouts.
select coalesce(j.organization_id, f.organization_id)::text as subject, 'owed ' || coalesce(j.minor, 0) || ' ' || coalesce(j.currency, f.currency)
  || ', its sales, refunds, disputes and payouts come to ' || coalesce(f.minor, 0)
from (
  select organization_id, currency, -sum(amount_minor) as minor from journal_lines where account = 'organizer_payable' group by 1, 2
) j full join (
  select organization_id, currency, sum(minor) as minor from (
    select p.organization_id, p.captured_currency as currency, case
      when p.credits is null or p.captured_minor <> p.amount_minor or p.captured_currency <> p.currency then p.captured_minor
      else (select coalesce(sum((c ->> 'minor')::bigint), 0) from jsonb_array_elements(p.credits) as c
        where c ->> 'account' = 'organizer_payable') end as minor
    from payments p where p.captured_minor > 0
    union all
    select p.organization_id, r.currency, -(line ->> 'minor')::bigint
    from refunds r join payments p on p.booking_id = r.booking_id cross join lateral jsonb_array_elements(r.lines) as line
      join refundable_lines l on l.booking_id = r.booking_id and l.line_no = (line ->> 'lineNo')::int
    where r.status <> 'FAILED' and l.account = 'organizer_payable'
    union all
    select p.organization_id, d.currency, -d.amount_minor from disputes d join payments p on p.booking_id = d.booking_id
    where d.status = 'LOST'
    union all
    select organization_id, currency, -amount_minor from payouts
    union all
    -- Of a sale of the box office, or what it gave back: what is not for fees and taxes.
    select e.organization_id, l.currency, sum(l.amount_minor) from journal_entries e join journal_lines l on l.entry_id = e.id
    where e.kind in ('SALE', 'SALE_REFUND') and l.account <> 'organizer_payable' group by 1, 2
  ) moves group by 1, 2
) f on coalesce(f.organization_id::text, '') = coalesce(j.organization_id::text, '') and f.currency = j.currency
where coalesce(j.minor, 0) <> coalesce(f.minor, 0)
union all
-- Each sale of the box office is entered with its total in the account of its tender, and what it gave back with what its row says.
select s.booking_id::text, s.tender || ' sold ' || s.total_minor || ' and gave back ' || s.refunded_minor || ', entered '
  || coalesce(sold.minor, 0) || ' and ' || coalesce(back.minor, 0)
from box_office_sales s
  left join lateral (select sum(l.amount_minor) as minor from journal_entries e join journal_lines l on l.entry_id = e.id
    where e.id = md5('sale ' || s.booking_id)::uuid and l.account = case s.tender when 'CASH' then 'cash_drawer' when 'CARD_TERMINAL' then 'card_terminal' when 'INVOICE' then 'invoices' end) sold on true
  left join lateral (select -sum(l.amount_minor) as minor from journal_entries e join journal_lines l on l.entry_id = e.id
    where e.booking_id = s.booking_id and e.kind = 'SALE_REFUND' and l.account = case s.tender when 'CASH' then 'cash_drawer' when 'CARD_TERMINAL' then 'card_terminal' when 'INVOICE' then 'invoices' end) back on true
where s.total_minor <> coalesce(sold.minor, 0) or s.refunded_minor <> coalesce(back.minor, 0)
union all
select p.id::text, 'a payout of ' || p.amount_minor || ' ' || p.currency || ', entered ' || coalesce(sum(l.amount_minor), 0)
from payouts p left join journal_lines l on l.entry_id = p.id and l.account = 'organizer_payable' and l.currency = p.currency
group by p.id having p.amount_minor <> coalesce(sum(l.amount_minor), 0);

-- M5 gateway_clearing is the money at the gateway, and refunds_in_flight what is still to go back
with accounts as (
  select currency, sum(amount_minor) filter (where account = 'gateway_clearing') as clearing,
    sum(amount_minor) filter (where account = 'refunds_in_flight') as in_flight
  from journal_lines group by currency
), books as (
  select captured_currency as currency, sum(captured_minor - refunded_minor - disputed_minor) as kept from payments
  where captured_currency is not null group by 1
), owed as (
  select currency, sum(amount_minor) as minor from refunds where status = 'PENDING' group by 1
)
select coalesce(a.currency, b.currency) as subject, 'clearing ' || coalesce(a.clearing, 0) || ', kept ' || coalesce(b.kept, 0)
  || '; in flight ' || -coalesce(a.in_flight, 0) || ', under way ' || coalesce(o.minor, 0) as detail
from accounts a full join books b on b.currency = a.currency left join owed o on o.currency = coalesce(a.currency, b.currency)
where coalesce(a.clearing, 0) <> coalesce(b.kept, 0) or -coalesce(a.in_flight, 0) <> coalesce(o.minor, 0);

-- M6 no ticket is valid on a line that is wholly refunded, or whose payment a bank has taken, or of a cancelled event whose job is done
select b.id::text as subject, 'seat ' || l.seat_no || ' is valid, and all of its ' || sum(l.paid_minor) || ' went back' as detail
from booking_facts b join refundable_lines l on l.booking_id = b.id and l.seat_no = any(b.valid_seats)
  join payments p on p.booking_id = b.id and p.updated_at <= now() - current_setting('frontrow.grace')::interval
-- A refund at the dashboard is of no seat. It is shared out over the lines, and the next refund may have to take from other seats.
where p.disputed_minor = 0 and not exists (select from refunds r where r.booking_id = b.id and r.origin = 'GATEWAY')
group by b.id, l.seat_no having sum(l.paid_minor) > 0 and sum(l.paid_minor) = sum(l.refunded_minor)
union all
select b.id::text, 'seat ' || l.seat_no || ' is valid, and all of its ' || -sum(l.amount_minor) filter (where e.kind = 'SALE') || ' was given back'
from booking_facts b join journal_entries e on e.booking_id = b.id and e.kind in ('SALE', 'SALE_REFUND')
  join journal_lines l on l.entry_id = e.id and l.seat_no = any(b.valid_seats)
group by b.id, l.seat_no having sum(l.amount_minor) = 0 and sum(l.amount_minor) filter (where e.kind = 'SALE') <> 0
union all
select b.id::text, cardinality(b.valid_seats) || ' tickets are valid, and a bank has ' || d.amount_minor || ' of ' || p.captured_minor
from booking_facts b join payments p on p.booking_id = b.id join disputes d on d.booking_id = b.id and d.status = 'LOST'
where cardinality(b.valid_seats) > 0 and d.updated_at <= now() - current_setting('frontrow.grace')::interval
  -- It had all that was left when it decided.
  and d.amount_minor >= p.captured_minor - coalesce((select sum(r.amount_minor) from refunds r
    where r.booking_id = b.id and r.status = 'SUCCEEDED' and r.finished_at <= d.updated_at), 0)
union all
select b.id::text, cardinality(b.valid_seats) || ' tickets are valid of a payment that is ' || p.status
from booking_facts b join payments p on p.booking_id = b.id and p.status in ('REFUND_PENDING', 'REFUNDED')
where cardinality(b.valid_seats) > 0 and p.updated_at <= now() - current_setting('frontrow.grace')::interval
union all
select id::text, cardinality(valid_seats) || ' tickets are valid of a cancelled event'
from booking_facts where is_event_over and cardinality(valid_seats) > 0;

-- M7 a statement's closing balance is the sum of the journal up to it, on each day, and no entry is of a time to come
with moved as (
  select e.organization_id as of_entry, l.organization_id as of_line, l.currency, e.entered_at::date as day, l.account, sum(l.amount_minor) as minor
  from journal_entries e join journal_lines l on l.entry_id = e.id
  where l.account in ('organizer_payable', 'cash_drawer', 'card_terminal', 'invoices', 'disputes') group by 1, 2, 3, 4, 5
), statements as (
  -- As statements read it: by the organization of the entry.
  select of_entry as organization_id, currency, account, day, sum(minor) as minor from moved group by 1, 2, 3, 4
), journal as (
  select of_line as organization_id, currency, account, day, sum(minor) as minor from moved group by 1, 2, 3, 4
)
select coalesce(s.organization_id, j.organization_id)::text as subject, coalesce(s.day, j.day) || ': ' || coalesce(s.account, j.account)
  || ' of the statement moves by ' || coalesce(s.minor, 0) || ', that of the journal by ' || coalesce(j.minor, 0) as detail
from statements s full join journal j on coalesce(j.organization_id::text, '') = coalesce(s.organization_id::text, '')
  and (j.currency, j.account, j.day) = (s.currency, s.account, s.day)
where coalesce(s.minor, 0) <> coalesce(j.minor, 0)
union all
select id::text, 'entered at ' || entered_at from journal_entries where entered_at > clock_timestamp() + interval '1 minute'
union all
-- Payouts are in the statement of the time at which they were recorded.
select id::text, 'a payout of ' || amount_minor || ' was recorded at ' || recorded_at || ' and entered at another time' from payouts p
where exists (select from journal_entries e where e.id = p.id and e.entered_at <> p.recorded_at);

-- M8 a booking's total is the sum of its lines, and of what was captured or sold for it; what the box office gave back is entered
select id::text as subject, 'a total of ' || total_minor || ', its lines come to ' || lines_minor as detail
from booking_facts where total_minor <> lines_minor
union all
select b.id::text, 'a total of ' || b.total_minor || ' ' || b.currency || ', entered as its capture: ' || coalesce(l.minor || ' ' || l.currency, 'nothing')
from booking_facts b left join lateral (
  select l.currency, sum(l.amount_minor) as minor from journal_entries e join journal_lines l on l.entry_id = e.id
  where e.booking_id = b.id and e.kind = 'CAPTURE' and l.account = 'gateway_clearing' group by 1) l on true
where b.is_online and b.status = 'CONFIRMED' and b.total_minor > 0 and (b.total_minor, b.currency) is distinct from (l.minor::bigint, l.currency)
union all
select b.id::text, 'sold for ' || b.total_minor || ' ' || b.currency || ' and given back ' || b.hand_minor || ', entered '
  || coalesce(s.total_minor || ' ' || s.currency || ' and ' || s.refunded_minor, 'nothing')
from booking_facts b left join box_office_sales s on s.booking_id = b.id
where not b.is_online and b.created_at <= now() - current_setting('frontrow.grace')::interval
  and (b.total_minor, b.currency, b.hand_minor) is distinct from (s.total_minor, s.currency, s.refunded_minor)
union all
select booking_id::text, 'a refund of the box office waits for the sale' from waiting_sale_refunds
where received_at <= now() - current_setting('frontrow.grace')::interval;
