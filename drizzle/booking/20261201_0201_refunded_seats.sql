-- Seats of bookings that go on without them: their tickets were refunded. They leave `booking_seats`, so that what reads the seats
-- that a booking has reads none of these, in a process of the release before as well.
create table refunded_seats (
  booking_id uuid not null,
  event_id uuid not null,
  seat_no integer not null,
  price_minor bigint not null,
  fee_minor bigint not null,
  line json,
  refund_id uuid not null,
  refunded_at timestamptz not null,
  primary key (booking_id, seat_no)
);
create index refunded_seats_event on refunded_seats (event_id, seat_no);
