-- Claim the job that is due the longest, for a while.  Claims that ran out are due again: whoever held them has died.
-- KEYS: 1 due, 2 claimed, 3 jobs
-- ARGV: 1 for how many seconds, 2 how many claims there may be at a time
-- Result: {job, token, since, event, attempts, looks}, or {seconds until one is due} ({-1} if there is none, or no claim is free).
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
for _, job in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.6f', now))) do
  redis.call('ZREM', KEYS[2], job)
  redis.call('HDEL', KEYS[3], job .. '|token')
  redis.call('ZADD', KEYS[1], 'LT', string.format('%.6f', now), job)
end
local limit = tonumber(ARGV[2])
if redis.call('ZCARD', KEYS[2]) >= limit then
  return {'-1'}
end
-- A job that is claimed may have become due again meanwhile; it waits for the end of that claim.
for _, job in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.6f', now), 'LIMIT', 0, limit + 1)) do
  if not redis.call('ZSCORE', KEYS[2], job) then
    -- The clock, and no counter: after a loss of data no token may come a second time.
    local token = string.format('%.0f', time[1] * 1000000 + time[2])
    redis.call('ZREM', KEYS[1], job)
    redis.call('ZADD', KEYS[2], string.format('%.6f', now + ARGV[1]), job)
    redis.call('HSET', KEYS[3], job .. '|token', token)
    redis.call('HDEL', KEYS[3], job .. '|newer')
    local facts = redis.call('HMGET', KEYS[3], job .. '|since', job .. '|event', job .. '|attempts', job .. '|looks')
    return {job, token, facts[1] or '0', facts[2] or '', facts[3] or '0', facts[4] or '0'}
  end
end
local next_due = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.6f', now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
if next_due[2] then
  return {string.format('%.6f', next_due[2] - now)}
end
return {'-1'}
