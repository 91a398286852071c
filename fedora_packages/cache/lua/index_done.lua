-- Acknowledge dirty packages whose documents are written, and requeue those that failed.
-- KEYS: 1 dirty, 2 how often in a row they failed
-- ARGV: 1 the first pause, 2 the longest (microseconds); then of each package its name, its timestamp when it was listed,
--       and 1 (written) or 0 (failed)
-- Result: how many were acknowledged.
-- One that became dirty again meanwhile has another timestamp, and stays dirty.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local done = 0
for i = 3, #ARGV, 3 do
  local name, timestamp, written = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2] == '1'
  local unchanged = tonumber(redis.call('ZSCORE', KEYS[1], name)) == timestamp
  if written then
    redis.call('HDEL', KEYS[2], name)
    if unchanged then
      done = done + redis.call('ZREM', KEYS[1], name)
    end
  elseif unchanged then
    local failures = redis.call('HINCRBY', KEYS[2], name, 1)
    local pause = math.min(ARGV[1] * 2 ^ math.min(failures - 1, 30), ARGV[2])
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + pause), name)
  end
end
return done
