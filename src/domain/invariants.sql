-- What must be true of a booking database at every moment. Each query is named. Zero rows mean that it holds; each
-- row is one violation.

-- I01 no seat is sold twice, not even one after the other with overlapping times
select a.event_id, s.seat_no, a.id as booking, b.id as other_booking
from bookings a
join booking_seats s on s.booking_id = a.id
join booking_seats o on o.event_id = s.event_id and o.seat_no = s.seat_no and o.booking_id > s.booking_id
join bookings b on b.id = o.booking_id
where a.confirmed_at is not null and b.confirmed_at is not null
  and tstzrange(a.confirmed_at, a.released_at) && tstzrange(b.confirmed_at, b.released_at)
union all
-- A refunded ticket had its seat until its refund.
select r.event_id, r.seat_no, a.id, b.id
from refunded_seats r join bookings a on a.id = r.booking_id
join booking_seats o on o.event_id = r.event_id and o.seat_no = r.seat_no
join bookings b on b.id = o.booking_id
where b.confirmed_at is not null and tstzrange(a.confirmed_at, r.refunded_at) && tstzrange(b.confirmed_at, b.released_at)
union all
select r.event_id, r.seat_no, a.id, b.id
from refunded_seats r join bookings a on a.id = r.booking_id
join refunded_seats o on o.event_id = r.event_id and o.seat_no = r.seat_no and o.booking_id > r.booking_id
join bookings b on b.id = o.booking_id
where tstzrange(a.confirmed_at, r.refunded_at) && tstzrange(b.confirmed_at, o.refunded_at);

-- I02 a seat and its booking agree
select e.event_id, e.seat_no, e.status, b.status as booking_status, 'seat without such a booking' as what
from event_seats e left join bookings b on b.id = e.booking_id and b.event_id = e.event_id
where (e.status = 'BOOKED' and b.status is distinct from 'CONFIRMED')
   or (e.status = 'HELD' and (b.status is distinct from 'PENDING_PAYMENT' or e.hold_expires_at is distinct from b.hold_expires_at))
   or (e.status in ('AVAILABLE', 'BLOCKED') and (e.booking_id is not null or e.hold_expires_at is not null))
union all
select s.event_id, s.seat_no, e.status, b.status, 'booking without its seat'
from bookings b join booking_seats s on s.booking_id = b.id
left join event_seats e on e.event_id = s.event_id and e.seat_no = s.seat_no
where (b.status = 'CONFIRMED' and (e.status is distinct from 'BOOKED' or e.booking_id is distinct from b.id))
   or (b.status = 'PENDING_PAYMENT' and (e.status is distinct from 'HELD' or e.booking_id is distinct from b.id))
   or (b.status in ('EXPIRED', 'FAILED', 'CANCELLED') and e.booking_id = b.id);

-- I03 a booking has all its seats and tickets or none
select b.id, b.status, 'seats of several bookings or none' as what
from bookings b left join booking_seats s on s.booking_id = b.id left join event_seats e on e.event_id = s.event_id and e.seat_no = s.seat_no
group by b.id, b.status
having count(s.seat_no) = 0
    or count(*) filter (where e.booking_id = b.id) not in (0, count(*))
    or bool_or(s.event_id <> b.event_id)
union all
select b.id, b.status, 'tickets do not match the seats'
from bookings b
left join lateral (select array_agg(seat_no order by seat_no) as nos from booking_seats where booking_id = b.id) s on true
left join lateral (select array_agg(seat_no order by seat_no) as nos from tickets where booking_id = b.id and voided_at is null) t on true
where t.nos is distinct from case when b.status = 'CONFIRMED' then s.nos end;

-- I04 an event's counters are its rows, and add up to its capacity
select i.event_id, i.capacity, i.available, i.held, i.booked, i.blocked, r.held as held_rows, r.booked as booked_rows
from seat_inventories i
left join lateral (
  select count(*) filter (where status = 'HELD') as held, count(*) filter (where status = 'BOOKED') as booked,
    count(*) filter (where status = 'BLOCKED') as blocked
  from event_seats e where e.event_id = i.event_id) r on true
where (i.held, i.booked, i.blocked) is distinct from (r.held, r.booked, r.blocked)
   or i.available + i.held + i.booked + i.blocked <> i.capacity;

-- I05 no hold is older than its end plus five seconds in which the sweeper ends it
select event_id, seat_no, booking_id, hold_expires_at from event_seats
where status = 'HELD' and hold_expires_at < clock_timestamp() - interval '5 seconds'
union all
select event_id, null, id, hold_expires_at from bookings
where status = 'PENDING_PAYMENT' and hold_expires_at < clock_timestamp() - interval '5 seconds';

-- I06 a hold lasts 300 s, or 420 s with its one recorded extension
select id, created_at, hold_expires_at, hold_extended_at from bookings
where hold_expires_at > created_at + case when hold_extended_at is null then interval '300 seconds' else interval '420 seconds' end
union all
select aggregateid::uuid, min(created_at), null, max(created_at) from outbox where type = 'HoldExtended'
group by aggregateid having count(*) > 1;

-- I07 captured money belongs to a confirmed booking, is being refunded for less than 15 minutes, or is refunded
select b.id, status, payment_status, updated.at from bookings b
left join lateral (
  select max(created_at) as at from outbox where aggregateid = b.id::text
    and type in ('BookingConfirmationFailed', 'BookingCancelled')) updated on true
-- What the box office sold for an event that was cancelled since is paid back by hand.
where status <> 'CONFIRMED' and payment_status in ('PAYMENT_SUCCESS', 'REFUND_PENDING') and b.tender is null
  and (updated.at is null or updated.at < clock_timestamp() - interval '15 minutes');

-- I08 a confirmed booking was paid
select id, payment_status, confirmed_at from bookings
where status = 'CONFIRMED' and (payment_status <> 'PAYMENT_SUCCESS' or confirmed_at is null);

-- I10 while the booking goes on only refunds of parts are refunded, each of them known, and never more than it cost
select b.id, b.status, b.payment_status, b.total_minor, b.refunded_minor
from bookings b
left join lateral (
  select sum(amount_minor) filter (where status = 'SUCCEEDED') as minor from booking_refunds where booking_id = b.id) back on true
where (b.status = 'CONFIRMED' and b.payment_status in ('REFUND_PENDING', 'REFUNDED'))
   or b.refunded_minor > b.total_minor
   or (b.refunded_minor is not null and b.payment_status <> 'REFUNDED' and b.refunded_minor is distinct from back.minor);

-- I13 one booking per user and idempotency key
select user_id, idempotency_key, count(*) from bookings group by user_id, idempotency_key having count(*) > 1;

-- I14 no idempotency key stays locked: a transaction that has written commits or rolls back within a minute
select pid, application_name, xact_start, state from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_xid is not null
  and xact_start < clock_timestamp() - coalesce(nullif(current_setting('frontrow.locked_for', true), ''), '60 seconds')::interval;

-- I15 only legal transitions: the published events of a booking are one of the paths through its states
select aggregateid, path, b.status
from (
  -- Any number of refunds of parts follow a confirmation.
  select aggregateid, regexp_replace(string_agg(type, ' ' order by (payload ->> 'version')::bigint),
    'BookingConfirmed( TicketsVoided)+', 'BookingConfirmed') as path
  from outbox
  where type in ('BookingCreated', 'BookingConfirmed', 'TicketsVoided', 'BookingExpired', 'BookingFailed', 'BookingCancelled')
  group by aggregateid) o
left join bookings b on b.id::text = o.aggregateid
where case when b.tender is not null then (path, b.status) not in (
    ('BookingConfirmed', 'CONFIRMED'),
    ('BookingConfirmed BookingCancelled', 'CANCELLED'))
  else (path, coalesce(b.status, 'none')) not in (
    ('BookingCreated', 'PENDING_PAYMENT'),
    ('BookingCreated BookingConfirmed', 'CONFIRMED'),
    ('BookingCreated BookingExpired', 'EXPIRED'),
    ('BookingCreated BookingFailed', 'FAILED'),
    ('BookingCreated BookingCancelled', 'CANCELLED'),
    ('BookingCreated BookingConfirmed BookingCancelled', 'CANCELLED'),
    ('BookingCreated BookingExpired BookingConfirmed', 'CONFIRMED'),
    ('BookingCreated BookingExpired BookingConfirmed BookingCancelled', 'CANCELLED')) end
  -- Rows of the outbox may be deleted after a week, oldest first; of a sale at the box office there is one.
  and (path like 'BookingCreated%' or b.tender is not null or b.created_at > clock_timestamp() - interval '6 days' or b.id is null);

-- I16 each transition is one message with its own version, there is no other, and an event's versions have no gap
select event_id::text as about, 'a version twice or missing' as what
from (
  select o.event_id, count(*) as messages, count(distinct payload ->> 'version') as versions,
    min((payload ->> 'version')::bigint) as first, max((payload ->> 'version')::bigint) as last
  from outbox o where payload ? 'version' and payload ? 'seatNos' group by o.event_id) m
left join seat_inventories i using (event_id)
where messages <> versions or last - first + 1 <> messages or last is distinct from i.version
union all
select b.id::text, 'the latest transition is not published'
from bookings b
where b.created_at > clock_timestamp() - interval '6 days'
  and not exists (
    select 1 from outbox o where o.aggregateid = b.id::text and (o.payload ->> 'version')::bigint = b.version
      and o.type = case b.status when 'PENDING_PAYMENT' then 'BookingCreated'
        when 'CONFIRMED' then case when b.voided_tickets is null then 'BookingConfirmed' else 'TicketsVoided' end
        when 'EXPIRED' then 'BookingExpired' when 'FAILED' then 'BookingFailed' else 'BookingCancelled' end);

-- I17 every message that a consumer handled was published, and every change is published within a minute
select message_id as message, consumer, 'handled but never published' as what from inbox i
where handled_at > clock_timestamp() - interval '6 days'
  and not exists (select 1 from event_log.messages m where m.id::text = i.message_id)
union all
select o.id::text, null, 'not published' from outbox o
where o.created_at < clock_timestamp() - interval '1 minute'
  and not exists (select 1 from event_log.messages m where m.id = o.id);

-- I18 an event's messages are in version order, none overtakes a parked one, and no booking is ahead of its event
-- With the event log on Kafka the database has no order of messages: then only the booking is compared.
select key as about, version, previous from (
  select key, (event ->> 'version')::bigint as version,
    lag((event ->> 'version')::bigint) over (partition by key order by topic, partition, "offset") as previous
  from event_log.messages where event ? 'version' and event ? 'seatNos') m
where version <= previous
union all
select b.id::text, b.version, i.version from bookings b join seat_inventories i using (event_id)
where b.version > i.version
union all
select m.id::text, m."offset", p."offset"
from event_log.parked p
join event_log.messages m on m.topic = p.topic and m.partition = p.partition and m.key = p.key and m."offset" > p."offset"
join inbox i on i.consumer = p.consumer_group and i.message_id = m.id::text;

-- I19 a booking's total is the sum of its lines and of its own fees and taxes, and the charges by name are these amounts
select b.id, b.total_minor, sum(s.price_minor + s.fee_minor) + b.fee_minor as lines, 'a total that is not the sum' as what
from bookings b join (
  select booking_id, price_minor, fee_minor from booking_seats
  union all select booking_id, price_minor, fee_minor from refunded_seats) s on s.booking_id = b.id
group by b.id having sum(s.price_minor + s.fee_minor) + b.fee_minor <> b.total_minor
union all
select booking_id, fee_minor, added, 'charges that are not their sum' from (
  select booking_id, fee_minor, line as charges from booking_seats where line is not null
  union all select booking_id, fee_minor, line from refunded_seats where line is not null
  union all select id, fee_minor, coalesce(charges, '{"fees":[],"taxes":[]}') from bookings) c
cross join lateral (select coalesce(sum(amount), 0) as added from (
  select (fee ->> 1)::bigint as amount from json_array_elements(charges -> 'fees') as fee
  union all
  select (tax ->> 1)::bigint from json_array_elements(charges -> 'taxes') as tax where not (tax ->> 2)::boolean) a) s
where fee_minor <> added;

-- I20 no fan entered a waiting room that was full
select event_id, ordinal, at as entered_at, inside, capacity_at_entry from (
  select event_id, ordinal, at, capacity_at_entry,
    sum(change) over (partition by event_id order by at, change rows unbounded preceding) as inside
  from (
    select event_id, ordinal, entered_at as at, 1 as change, capacity_at_entry from waiting_room_sessions
    where entered_at is not null
    union all
    select event_id, ordinal, ended_at, -1, null from waiting_room_sessions
    where entered_at is not null and ended_at is not null) moves) entries
where inside > capacity_at_entry;

-- I21 a viewer has one place in a waiting room, with an ordinal that was given out, and to no other viewer
select p.event_id, p.user_id, p.ordinal, r.joined, 'an ordinal that was not given out' as what
from waiting_room_places p left join waiting_rooms r using (event_id)
where r.event_id is null or p.ordinal < 0 or p.ordinal >= r.joined
union all
select event_id, null, ordinal, count(*), 'an ordinal of several viewers'
from waiting_room_places group by event_id, ordinal having count(*) > 1
union all
select event_id, user_id, null, count(*), 'a viewer with several places'
from waiting_room_places group by event_id, user_id having count(*) > 1;

-- I22 a fan who came into a waiting room had a place in it, and its turn had begun
select s.event_id, s.ordinal, s.position, s.user_id, r.watermark, p.ordinal as place, step.at as turn_began_at, s.entered_at
from waiting_room_sessions s
left join waiting_rooms r using (event_id)
-- A viewer who joined again has a later ordinal.
left join waiting_room_places p on p.event_id = s.event_id and p.user_id = s.user_id and p.ordinal >= s.ordinal
left join lateral (
  select at from waiting_room_steps where event_id = s.event_id and watermark >= s.position order by watermark limit 1) step on true
where p.ordinal is null or step.at is null or s.position not between 1 and r.watermark or s.entered_at < step.at
   or (s.ordinal < r.draw_entries and s.position > r.draw_entries)
   or (s.ordinal >= r.draw_entries and s.position <> s.ordinal + 1)
union all
select event_id, null, position, null, null, count(*), null, null
from waiting_room_sessions group by event_id, position having count(*) > 1;

-- I23 a waiting room's watermark is its last step, and its steps are in order
select r.event_id, r.watermark, r.joined, max(s.watermark) as last_step
from waiting_rooms r left join waiting_room_steps s using (event_id)
group by r.event_id having r.watermark <> coalesce(max(s.watermark), 0) or r.watermark > r.joined
union all
select event_id, watermark, null, previous from (
  select event_id, watermark, at, lag(watermark) over w as previous, lag(at) over w as previous_at
  from waiting_room_steps window w as (partition by event_id order by watermark)) steps
where at < previous_at;

-- I24 a fan without activity leaves a waiting room within fifteen seconds, unless a payment is open
select s.event_id, s.ordinal, s.user_id, s.expires_at
from waiting_room_sessions s join waiting_rooms r using (event_id)
where r.state = 'DRAWN' and s.entered_at is not null and s.ended_at is null
  and s.expires_at < clock_timestamp() - interval '15 seconds'
  and not exists (
    select from bookings b where b.event_id = s.event_id and b.user_id = s.user_id and b.status = 'PENDING_PAYMENT');

-- I25 the uses of a code are the bookings with it that wait for payment or were paid, within its number of uses
select coalesce(c.id, b.id) as code, c.event_id, c.uses, c.uses_per_code, b.uses as bookings
from codes c
full join (
  select code as id, count(*) as uses from bookings, unnest(code_ids) as code
  where code_ids is not null and (status = 'PENDING_PAYMENT' or confirmed_at is not null) group by code) b using (id)
where coalesce(b.uses, 0) is distinct from c.uses::bigint or c.uses > c.uses_per_code;

-- I26 a seat of an allocation is not for the public: it is blocked, or sold at the box office, or a booking has it whose codes open the allocation
select e.event_id, e.seat_no, e.allocation, e.status, e.booking_id
from event_seats e left join bookings b on b.id = e.booking_id
where e.allocation is not null and (e.status = 'AVAILABLE'
  or not exists (select from allocations a where a.event_id = e.event_id and a.name = e.allocation)
  or (e.booking_id is not null and b.tender is null and not exists (
    select from codes c where c.id = any(b.code_ids) and c.event_id = e.event_id and e.allocation = any(c.opens))));

-- I27 an allocation ends within a minute of its time
select event_id, name, release_at from allocations where release_at < clock_timestamp() - interval '1 minute';

-- I28 what the box office sold was never held and never unpaid, ends only with its event or with the refund of its last ticket, has no payment page and no code, and a gift costs nothing
select id, status, payment_status, tender, total_minor, created_at, confirmed_at from bookings b
where tender is not null and (
  (status, released_at is null) not in (('CONFIRMED', true), ('CANCELLED', false))
  or (status <> 'CONFIRMED' and payment_status = 'PAYMENT_SUCCESS'
    and not exists (select from events e where e.id = b.event_id and e.status = 'CANCELLED'))
  or sold_by is null
  -- REFUNDED: its tickets were given back by hand, the last ones in its last instant.
  or payment_status not in ('PAYMENT_SUCCESS', 'REFUNDED')
  or (payment_status = 'REFUNDED' and not exists (
    select from booking_refunds r, booking_seats s
    where r.booking_id = b.id and r.origin = 'BOX_OFFICE' and s.booking_id = b.id and s.seat_no = any(r.seat_nos)))
  or refunded_minor is distinct from (
    select sum(amount_minor) from booking_refunds r
    where r.booking_id = b.id and r.origin = 'BOX_OFFICE' and r.status = 'SUCCEEDED')
  or confirmed_at is distinct from created_at or hold_expires_at <> created_at or hold_extended_at is not null
  or payment_url is not null or code_ids is not null
  or (tender = 'COMPLIMENTARY' and total_minor <> 0))
union all
select id, status, payment_status, tender, total_minor, created_at, confirmed_at from bookings
where tender is null and (tender_reference is not null or holder_name is not null or holder_email is not null or sold_by is not null);

-- I29 the job of a cancelled event counts each booking that it ended, and is done when no booking is left
select c.event_id, e.status, c.state, c.done, b.ended, b.live, c.figures ->> 'bookings' as bookings
from event_cancellations c join events e on e.id = c.event_id
cross join lateral (
  select count(*) filter (where status in ('PENDING_PAYMENT', 'CONFIRMED')) as live,
    count(*) filter (where status = 'CANCELLED' and confirmed_at is not null and released_at >= c.created_at) as ended
  from bookings where event_id = c.event_id) b
where c.created_at > clock_timestamp() - interval '6 days' and (e.status <> 'CANCELLED' or b.ended <> c.done
  or (c.state = 'DONE' and (b.live > 0 or c.done < (c.figures ->> 'bookings')::int)));

-- I30 a refunded ticket is void and its seat has left the booking, one refund names it, and the booking counts it
select s.booking_id, s.seat_no::text as seats, 'a refunded seat that is not the one of a void ticket and a refund' as what
from refunded_seats s join bookings b on b.id = s.booking_id
left join booking_refunds r on r.id = s.refund_id and r.booking_id = b.id
where b.event_id <> s.event_id or b.confirmed_at is null or r.id is null or not s.seat_no = any(r.seat_nos)
  or not exists (select from tickets t where t.booking_id = b.id and t.seat_no = s.seat_no and t.voided_at = s.refunded_at)
  or exists (select from booking_seats o where o.booking_id = b.id and o.seat_no = s.seat_no)
  or exists (select from event_seats e where e.event_id = s.event_id and e.seat_no = s.seat_no and e.booking_id = b.id)
union all
select b.id, b.voided_tickets || ', ' || count(s.seat_no), 'tickets that are not counted, or refunds that are not added up'
from bookings b left join refunded_seats s on s.booking_id = b.id
where b.voided_tickets is not null or s.booking_id is not null
group by b.id
having b.voided_tickets is distinct from count(s.seat_no)
  -- The gateway may have given less back: what a member had refunded there, or a bank had taken.
  or b.voided_minor < (
    select sum(r.amount_minor) from booking_refunds r
    where r.id in (select o.refund_id from refunded_seats o where o.booking_id = b.id))
union all
select r.booking_id, array_to_string(r.seat_nos, ' '), 'a refund of tickets that are valid, or of another booking'
from booking_refunds r join bookings b on b.id = r.booking_id
where r.idempotency_key is not null and (cardinality(r.seat_nos) = 0 or exists (
  select from unnest(r.seat_nos) as n where not exists (
    select from tickets t where t.booking_id = r.booking_id and t.seat_no = n and t.voided_at is not null)))
union all
select r.booking_id, n::text, 'a ticket of two refunds'
from booking_refunds r, unnest(r.seat_nos) as n group by r.booking_id, n having count(*) > 1;
