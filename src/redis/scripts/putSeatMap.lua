-- Replaces an event's seat-map projection by one that was read from PostgreSQL, unless it is newer already.
-- Returns the projection's version. Publishes only the version, because the changes in between are not known here.
--
-- KEYS  map, deltas, ahead (see applySeatChanges)    ARGV  channel, seconds to live, version, packed statuses
local head = redis.call('GETRANGE', KEYS[1], 0, 15)
local version = tonumber(ARGV[3])
if head ~= '' then
  local current = tonumber(string.sub(head, 1, 15))
  if current > version or (current == version and string.sub(head, 16) == '0') then return current end
end
local waiting = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
  if tonumber(field) <= version then redis.call('HDEL', KEYS[3], field) else waiting = 1 end
end
redis.call('SET', KEYS[1], string.format('%015d%d', version, waiting) .. ARGV[4], 'EX', ARGV[2])
redis.call('DEL', KEYS[2])
redis.call('PUBLISH', ARGV[1], '{"version":' .. string.format('%d', version) .. '}')
return version
