-- End a claim whose job must be done once more, later.
-- KEYS: 1 due, 2 first, 3 claimed, 4 jobs, 5 since when the jobs of this query wait
-- ARGV: 1 the job, 2 the claim's token, 3 in how many seconds, 4 attempts so far, 5 looks so far, 6 'fresh' if its entry is, and
--       only looked at once more; 'doubt' if that must not be forgotten over a newer event
-- Result: 1, or 0 if the claim had run out and is no longer ours.
-- Added again meanwhile, it keeps the earlier time; a newer event then starts its looks anew.  It waits among the others: what
-- must be done again has had its turn.
local job = ARGV[1]
if redis.call('HGET', KEYS[4], job .. '|token') ~= ARGV[2] then
  return 0
end
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZREM', KEYS[3], job)
redis.call('HDEL', KEYS[4], job .. '|token')
if redis.call('HEXISTS', KEYS[4], job .. '|newer') == 0 then
  redis.call('HSET', KEYS[4], job .. '|looks', ARGV[5])
end
redis.call('HSET', KEYS[4], job .. '|attempts', ARGV[4])
if ARGV[6] == 'doubt' then
  redis.call('HSET', KEYS[4], job .. '|doubt', '1')
end
if ARGV[6] ~= '' then
  redis.call('ZREM', KEYS[5], job)
end
local place = redis.call('ZSCORE', KEYS[2], job) and KEYS[2] or KEYS[1]
redis.call('ZADD', place, 'LT', string.format('%.6f', now + ARGV[3]), job)
return 1
