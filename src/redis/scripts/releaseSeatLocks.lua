-- Unlocks the seats that ARGV[1] still owns and returns how many. A lock that expired and went to another owner stays.
--
-- KEYS  one lock per seat
-- ARGV  owner
local released = 0
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then released = released + redis.call('DEL', key) end
end
return released
