-- Locks seats for a batch of requests of one event, in order: all the seats of a request or none. Returns a number per
-- key: 0 locked now, 1 its owner had it already, 2 another owner has it, 3 not locked because another seat is taken.
--
-- KEYS  one lock per seat, request after request
-- ARGV  for each request: owner, milliseconds to live, number of its keys
local answers, first = {}, 1
for i = 1, #ARGV, 3 do
  local owner, ttl, last = ARGV[i], ARGV[i + 1], first + tonumber(ARGV[i + 2]) - 1
  local taken = false
  for k = first, last do
    local holder = redis.call('GET', KEYS[k])
    if not holder then
      answers[k] = 0
    elseif holder == owner then
      answers[k] = 1
    else
      answers[k] = 2
      taken = true
    end
  end
  for k = first, last do
    if answers[k] == 0 then
      if taken then
        answers[k] = 3
      else
        redis.call('SET', KEYS[k], owner, 'PX', ttl)
      end
    end
  end
  first = last + 1
end
return answers
