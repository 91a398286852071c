-- Acknowledge: end a claim whose job is done, unless the job was added again meanwhile.
-- KEYS: 1 due, 2 first, 3 claimed, 4 jobs, 5 since when the jobs of this query wait
-- ARGV: 1 the job, 2 the claim's token
-- Result: {1, the seconds that its entry had waited}, or {0} if the claim had run out.
local job = ARGV[1]
if redis.call('HGET', KEYS[4], job .. '|token') ~= ARGV[2] then
  return {0}
end
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local since = tonumber(redis.call('ZSCORE', KEYS[5], job) or now)
redis.call('ZREM', KEYS[3], job)
redis.call('HDEL', KEYS[4], job .. '|token', job .. '|attempts')
if not redis.call('ZSCORE', KEYS[1], job) and not redis.call('ZSCORE', KEYS[2], job) then
  redis.call('HDEL', KEYS[4], job .. '|sent', job .. '|rechecks', job .. '|newer', job .. '|owed')
  redis.call('ZREM', KEYS[5], job)
end
return {1, string.format('%.6f', now - since)}
