-- Claim a job that is due, for a while: of those at the front the one that is due the longest, else of the others.
-- Claims that ran out are due again: whoever held them has died.
-- KEYS: 1 due, 2 first, 3 claimed, 4 jobs
-- ARGV: 1 for how many seconds, 2 how many claims there may be at a time
-- Result: {job, token, attempts, looks, sent, doubt}, or {seconds until one is due} ({-1} if there is none, or no claim is free).
local time = redis.call('TIME')
local now = string.format('%.6f', time[1] + time[2] / 1000000)
for _, job in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now)) do
  redis.call('ZREM', KEYS[3], job)
  redis.call('HDEL', KEYS[4], job .. '|token')
  local place = redis.call('ZSCORE', KEYS[2], job) and KEYS[2] or KEYS[1]
  redis.call('ZADD', place, 'LT', now, job)
end
local limit = tonumber(ARGV[2])
if redis.call('ZCARD', KEYS[3]) >= limit then
  return {'-1'}
end
for _, place in ipairs({KEYS[2], KEYS[1]}) do
  -- A job that is claimed may have become due again meanwhile; it waits for the end of that claim.
  for _, job in ipairs(redis.call('ZRANGEBYSCORE', place, '-inf', now, 'LIMIT', 0, limit + 1)) do
    if not redis.call('ZSCORE', KEYS[3], job) then
      -- The clock, and no counter: after a loss of data no token may come a second time.
      local token = string.format('%.0f', time[1] * 1000000 + time[2])
      redis.call('ZREM', place, job)
      redis.call('ZADD', KEYS[3], string.format('%.6f', now + ARGV[1]), job)
      redis.call('HSET', KEYS[4], job .. '|token', token)
      redis.call('HDEL', KEYS[4], job .. '|newer')
      local facts = redis.call('HMGET', KEYS[4], job .. '|attempts', job .. '|looks', job .. '|sent', job .. '|doubt')
      return {job, token, facts[1] or '0', facts[2] or '0', facts[3] or '', facts[4] or ''}
    end
  end
end
local soonest = nil
for _, place in ipairs({KEYS[2], KEYS[1]}) do
  local found = redis.call('ZRANGEBYSCORE', place, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if found and (not soonest or tonumber(found) < soonest) then
    soonest = tonumber(found)
  end
end
if soonest then
  return {string.format('%.6f', soonest - now)}
end
return {'-1'}
