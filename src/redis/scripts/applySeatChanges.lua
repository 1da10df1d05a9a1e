-- Brings an event's seat-map projection forward and publishes the new changes. Returns the projection's version,
-- and 1 while changes wait for an earlier one (0 otherwise); version -1: there is no projection.
--
-- KEYS  map: 15 digits of version, '1' while changes wait, then 2 bits a seat; deltas: a list of encoded changes, the
--       last one is the map's version; ahead: a hash of changes by version that came before their predecessor
-- ARGV  channel, deltas to keep, seconds to live, then encoded changes: JSON [version, code, seatNo, seatNo, ...]
local HEADER_BYTES, MAX_AHEAD, SEATS_PER_CALL = 16, 1024, 500
local map, deltas, ahead = KEYS[1], KEYS[2], KEYS[3]
local head = redis.call('GETRANGE', map, 0, 14)
if head == '' then return { -1, 0 } end
local version = tonumber(head)
local published = {}

local function write(change)
  for first = 3, #change, SEATS_PER_CALL do
    local fields = {}
    for i = first, math.min(first + SEATS_PER_CALL - 1, #change) do
      local seat = change[i]
      -- BITFIELD counts bits from the high end of a byte, the map counts seats from the low end.
      local offset = (HEADER_BYTES + math.floor(seat / 4)) * 8 + 6 - 2 * (seat % 4)
      fields[#fields + 1] = 'SET'
      fields[#fields + 1] = 'u2'
      fields[#fields + 1] = string.format('%d', offset)
      fields[#fields + 1] = string.format('%d', change[2])
    end
    redis.call('BITFIELD', map, unpack(fields))
  end
  version = change[1]
end

local function append(encoded, change)
  write(change)
  redis.call('RPUSH', deltas, encoded)
  published[#published + 1] = encoded
end

local waiting = redis.call('HLEN', ahead)

local function drain()
  while waiting > 0 do
    local field = string.format('%d', version + 1)
    local encoded = redis.call('HGET', ahead, field)
    if not encoded then return end
    append(encoded, cjson.decode(encoded))
    redis.call('HDEL', ahead, field)
    waiting = waiting - 1
  end
end

drain()
for i = 4, #ARGV do
  local change = cjson.decode(ARGV[i])
  if change[1] == version + 1 then
    append(ARGV[i], change)
    drain()
  elseif change[1] > version and waiting < MAX_AHEAD then
    waiting = waiting + redis.call('HSET', ahead, string.format('%d', change[1]), ARGV[i])
  end
end

-- Drops waiting changes that a newer copy of the map already contains.
if waiting > 0 then
  for _, field in ipairs(redis.call('HKEYS', ahead)) do
    if tonumber(field) <= version then waiting = waiting - redis.call('HDEL', ahead, field) end
  end
end

local gap = waiting > 0 and 1 or 0
redis.call('SETRANGE', map, 0, string.format('%015d%d', version, gap))
if #published > 0 then
  redis.call('LTRIM', deltas, -tonumber(ARGV[2]), -1)
  redis.call('PUBLISH', ARGV[1], '[' .. table.concat(published, ',') .. ']')
end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[3]) end
return { version, gap }
