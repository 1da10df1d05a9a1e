-- Sets the locks that live holds should have; an existing lock stays. Returns how many were set.
--
-- KEYS  one lock per seat, all of one event, hold after hold
-- ARGV  for each hold: owner, milliseconds to live, number of its keys
local restored, key = 0, 1
for i = 1, #ARGV, 3 do
  for _ = 1, tonumber(ARGV[i + 2]) do
    if redis.call('SET', KEYS[key], ARGV[i], 'NX', 'PX', ARGV[i + 1]) then restored = restored + 1 end
    key = key + 1
  end
end
return restored
