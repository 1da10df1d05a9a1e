-- The life of an event: its state, a pause of its sale, its times beside the start, and its own settings for holds.
--
-- Code of the release before, which runs beside the new code during a deploy, reads and writes events as it did: every column
-- has a default, and that code only makes published events. It knows neither POSTPONED nor a paused sale, so it would still
-- hold seats of such an event: postpone and pause only when the deploy has finished.
alter table events
  add column sales_paused boolean not null default false,
  add column ends_at timestamptz,
  add column doors_at timestamptz,
  -- When the event was going to begin, before it was moved or postponed.
  add column previous_starts_at timestamptz,
  -- Until when buyers may give tickets back because the event was moved or postponed.
  add column refund_until timestamptz,
  add column image_upload_id uuid,
  -- Null: the setting of the process, as for every event that was imported.
  add column hold_seconds integer check (hold_seconds between 10 and 3600),
  add column seats_per_booking integer check (seats_per_booking between 1 and 100),
  add column seats_per_viewer integer check (seats_per_viewer between 1 and 1000),
  add column orphan_policy text not null default 'OFF' check (orphan_policy in ('OFF', 'LENIENT', 'STRICT')),
  -- Grows with every change that a member makes of the event itself. Prices have versions of their own.
  add column revision integer not null default 1;

alter table events drop constraint events_status_check,
  add constraint events_status_check check (status in ('DRAFT', 'PUBLISHED', 'POSTPONED', 'CANCELLED'));
-- The dates of a draft are checked when it is published, all at once.
alter table events drop constraint events_check,
  add constraint events_sale_times check (status = 'DRAFT' or on_sale_at < off_sale_at);
