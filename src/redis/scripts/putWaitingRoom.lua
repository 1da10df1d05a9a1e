-- Publishes a waiting room, unless this version of it or a later one was published already. Returns 1 if it was published.
--
-- KEYS  room    ARGV  channel, seconds to live, version, room as JSON
local current = tonumber(redis.call('GET', KEYS[1]) or '0')
if current >= tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[2])
redis.call('PUBLISH', ARGV[1], ARGV[4])
return 1
