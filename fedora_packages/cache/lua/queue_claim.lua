-- Claim a due job: of those that go first the one due longest, else of the others.
-- Claims that have run out are due again: their workers have died.
-- KEYS: 1 due, 2 first, 3 claimed, 4 jobs
-- ARGV: 1 the lease in seconds, 2 how many claims there may be at a time
-- Result: {job, token, failures, rechecks, when sent, '1' if a recheck is owed}, or {the seconds until a job is due}; {-1} if no
--         job waits or no claim is free.
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
  -- A claimed job may be due again meanwhile.  It waits for the end of its claim.
  for _, job in ipairs(redis.call('ZRANGEBYSCORE', place, '-inf', now, 'LIMIT', 0, limit + 1)) do
    if not redis.call('ZSCORE', KEYS[3], job) then
      -- The clock, not a counter: after a loss of data no token may come a second time.
      local token = string.format('%.0f', time[1] * 1000000 + time[2])
      redis.call('ZREM', place, job)
      redis.call('ZADD', KEYS[3], string.format('%.6f', now + ARGV[1]), job)
      redis.call('HSET', KEYS[4], job .. '|token', token)
      redis.call('HDEL', KEYS[4], job .. '|newer')
      local fields = redis.call('HMGET', KEYS[4], job .. '|attempts', job .. '|rechecks', job .. '|sent', job .. '|owed')
      return {job, token, fields[1] or '0', fields[2] or '0', fields[3] or '', fields[4] or ''}
    end
  end
end
local soonest = nil
for _, place in ipairs({KEYS[2], KEYS[1]}) do
  local due = redis.call('ZRANGEBYSCORE', place, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if due and (not soonest or tonumber(due) < soonest) then
    soonest = tonumber(due)
  end
end
if soonest then
  return {string.format('%.6f', soonest - now)}
end
return {'-1'}
