-- A keyed hash of the network that a place was taken from, so that the places of one can be counted. Null a day after the
-- room has ended.
alter table waiting_room_places add column address_key uuid;
create index if not exists waiting_room_places_address on waiting_room_places (event_id, address_key)
  where address_key is not null and left_at is null;
