-- Requeue: end a claim whose job must be done again later.
-- KEYS: 1 due, 2 first, 3 claimed, 4 jobs, 5 since when the jobs of this query wait
-- ARGV: 1 the job, 2 the claim's token, 3 the delay in seconds, 4 failures in a row, 5 rechecks in a row, 6 'fresh' if the entry
--       is fresh and only rechecked; 'owed' if moreover no newer event cancels that recheck
-- Result: 1, or 0 if the claim had run out.
-- A job added meanwhile keeps the earlier time, and a newer event restarts its rechecks.  The job waits among the others: it has
-- had its turn.
local job = ARGV[1]
if redis.call('HGET', KEYS[4], job .. '|token') ~= ARGV[2] then
  return 0
end
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZREM', KEYS[3], job)
redis.call('HDEL', KEYS[4], job .. '|token')
if redis.call('HEXISTS', KEYS[4], job .. '|newer') == 0 then
  redis.call('HSET', KEYS[4], job .. '|rechecks', ARGV[5])
end
redis.call('HSET', KEYS[4], job .. '|attempts', ARGV[4])
if ARGV[6] == 'owed' then
  redis.call('HSET', KEYS[4], job .. '|owed', '1')
end
if ARGV[6] ~= '' then
  redis.call('ZREM', KEYS[5], job)
end
local place = redis.call('ZSCORE', KEYS[2], job) and KEYS[2] or KEYS[1]
redis.call('ZADD', place, 'LT', string.format('%.6f', now + ARGV[3]), job)
return 1
