-- At the door, and a slot is free for it: the fan was told to come in.
alter table waiting_room_sessions add called_at timestamptz;

-- The turns of the positions up to here are over; `missed` of the progress counts those that nobody took.
alter table waiting_rooms add turns_over integer not null default 0;
