-- Returns an event's seat-map projection: nothing without one; {version, gap} when the reader has that version;
-- otherwise {version, gap, packed statuses}. gap is 1 while changes wait for an earlier one.
--
-- KEYS  map (see applySeatChanges)    ARGV  the version that the reader has, -1 for none
local head = redis.call('GETRANGE', KEYS[1], 0, 15)
if head == '' then return nil end
local version, gap = tonumber(string.sub(head, 1, 15)), tonumber(string.sub(head, 16))
if version == tonumber(ARGV[1]) then return { version, gap } end
return { version, gap, redis.call('GETRANGE', KEYS[1], 16, -1) }
