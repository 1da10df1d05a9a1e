-- Writes the epoch, unless it differs from the value that the caller expects. Returns 1 if it was written.
--
-- KEYS  epoch    ARGV  expected value ('' for none), new value, milliseconds to live (0 for ever)
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
