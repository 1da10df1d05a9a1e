-- Extends locks to the end of the holds that were made with them. A lock that its owner lost meanwhile stays as it is:
-- it was released or expired, and is not set again. Zero or fewer milliseconds: the hold has ended, and so does the lock.
--
-- KEYS  one lock per seat, all of one event, hold after hold
-- ARGV  for each hold: owner, milliseconds to live, number of its keys
local key = 1
for i = 1, #ARGV, 3 do
  for _ = 1, tonumber(ARGV[i + 2]) do
    if redis.call('GET', KEYS[key]) == ARGV[i] then redis.call('PEXPIRE', KEYS[key], ARGV[i + 1]) end
    key = key + 1
  end
end
