-- The payments database: what we asked the gateway for, what it told us, and what is still to be done.

create table payments (
  id uuid primary key,
  booking_id uuid not null constraint payments_booking unique,
  event_id uuid not null,
  status text not null check (status in
    ('CREATING_SESSION', 'SESSION_CREATED', 'PAYMENT_SUCCESS', 'PAYMENT_FAILED', 'REFUND_PENDING', 'REFUNDED')),
  amount_minor integer not null check (amount_minor >= 0),
  currency text not null,
  description text not null,
  lines jsonb not null,
  hold_expires_at timestamptz not null,
  -- What every attempt to open the session sends: the same key with another time would be refused.
  session_expires_at timestamptz not null,
  gateway text not null,
  gateway_reference text,
  payment_url text,
  -- What the gateway took. It differs from amount_minor and currency only in a payment that is being given back.
  captured_minor integer not null default 0 check (captured_minor >= 0),
  captured_currency text,
  captured_at timestamptz,
  refunded_minor integer not null default 0,
  refunded_at timestamptz,
  refund_reference text,
  refund_reason text,
  failure_reason text,
  -- The booking ended: the session must not be paid any more.
  closing_at timestamptz,
  -- A notice contradicts what we know: the gateway is asked, whatever the status.
  in_doubt boolean not null default false,
  -- When the gateway is called next about this payment, and how often the present step was tried. A claim moves
  -- next_check_at ahead, so the work of a process that died is taken over when that time has come.
  next_check_at timestamptz not null default now(),
  checks integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint payments_refund_within_capture check (refunded_minor >= 0 and refunded_minor <= captured_minor),
  constraint payments_session check (status <> 'SESSION_CREATED' or (gateway_reference is not null and payment_url is not null)),
  constraint payments_capture check ((captured_at is null) = (captured_currency is null)),
  constraint payments_captured check (status not in ('PAYMENT_SUCCESS', 'REFUND_PENDING', 'REFUNDED') or captured_at is not null)
);
create unique index payments_reference on payments (gateway, gateway_reference) where gateway_reference is not null;
create index payments_due on payments (next_check_at)
  where status in ('CREATING_SESSION', 'SESSION_CREATED', 'REFUND_PENDING') or in_doubt;

-- Every notice of the gateway, stored before it is answered.
create table notices (
  gateway text not null,
  gateway_event_id text not null,
  type text not null,
  reference text,
  -- Their word, so it may be anything.
  booking_id text,
  amount_minor integer,
  currency text,
  occurred_at timestamptz not null,
  received_at timestamptz not null default now(),
  -- Null until it was matched to a payment; `outcome` says what came of it.
  handled_at timestamptz,
  outcome text,
  primary key (gateway, gateway_event_id)
);
create index notices_waiting on notices (received_at) where handled_at is null;
create index notices_reference on notices (gateway, reference);

create table outbox (
  id uuid primary key,
  aggregatetype text not null,
  aggregateid text not null,
  type text not null,
  event_id uuid not null,
  payload jsonb not null,
  created_at timestamptz not null default now()
);
create index outbox_created on outbox (created_at);
create index outbox_aggregate on outbox (aggregateid);
create publication frontrow_outbox for table outbox with (publish = 'insert');

create table inbox (
  consumer text not null,
  message_id text not null,
  handled_at timestamptz not null default now(),
  primary key (consumer, message_id)
);
