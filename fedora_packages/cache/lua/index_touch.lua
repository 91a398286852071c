-- Note packages whose documents in the search index must be made anew.
-- KEYS: 1 touched
-- ARGV: their names
-- Result: how many were not noted before.
-- A name that is touched again gets another moment, and is due, whatever pause it was in: what was read before is old now.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local added = 0
for _, name in ipairs(ARGV) do
  local before = tonumber(redis.call('ZSCORE', KEYS[1], name))
  local moment = now
  if before == now then
    moment = now + 1
  end
  added = added + redis.call('ZADD', KEYS[1], string.format('%.0f', moment), name)
end
return added
