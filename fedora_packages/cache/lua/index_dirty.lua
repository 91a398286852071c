-- Mark packages as dirty: their documents in the search index must be written again.
-- KEYS: 1 dirty
-- ARGV: their names
-- Result: how many were not dirty before.
-- A name that becomes dirty again gets a new timestamp, and is due at once: what was read before is old now.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local added = 0
for _, name in ipairs(ARGV) do
  local before = tonumber(redis.call('ZSCORE', KEYS[1], name))
  local timestamp = now
  if before == now then
    timestamp = now + 1
  end
  added = added + redis.call('ZADD', KEYS[1], string.format('%.0f', timestamp), name)
end
return added
