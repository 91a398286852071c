-- End a claim whose job must be done once more, later.
-- KEYS: 1 due, 2 claimed, 3 jobs
-- ARGV: 1 the job, 2 the claim's token, 3 in how many seconds, 4 attempts so far, 5 looks so far
-- Result: 1, or 0 if the claim had run out and is no longer ours.
-- Added again meanwhile, it keeps the earlier time; a newer event then starts its looks anew.
local job = ARGV[1]
if redis.call('HGET', KEYS[3], job .. '|token') ~= ARGV[2] then
  return 0
end
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZREM', KEYS[2], job)
redis.call('HDEL', KEYS[3], job .. '|token')
if redis.call('HEXISTS', KEYS[3], job .. '|newer') == 0 then
  redis.call('HSET', KEYS[3], job .. '|looks', ARGV[5])
end
redis.call('HSET', KEYS[3], job .. '|attempts', ARGV[4])
redis.call('ZADD', KEYS[1], 'LT', string.format('%.6f', now + ARGV[3]), job)
return 1
