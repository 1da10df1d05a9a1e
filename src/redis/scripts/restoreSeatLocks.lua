-- Brings back locks that live holds should have; one that is there stays. Answers how many were set.
--
-- KEYS  one lock per seat, all of one event
-- ARGV  for each key: owner, milliseconds to live
local restored = 0
for k, key in ipairs(KEYS) do
  if redis.call('SET', key, ARGV[2 * k - 1], 'NX', 'PX', ARGV[2 * k]) then restored = restored + 1 end
end
return restored
