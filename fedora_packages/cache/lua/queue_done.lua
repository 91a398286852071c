-- End a claim: the job is done, unless it was added again meanwhile.
-- KEYS: 1 due, 2 first, 3 claimed, 4 jobs, 5 since when the jobs of this query wait
-- ARGV: 1 the job, 2 the claim's token
-- Result: {1, for how many seconds it had waited}, or {0} if the claim had run out and is no longer ours.
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
  redis.call('HDEL', KEYS[4], job .. '|sent', job .. '|looks', job .. '|newer', job .. '|doubt')
  redis.call('ZREM', KEYS[5], job)
end
return {1, string.format('%.6f', now - since)}
