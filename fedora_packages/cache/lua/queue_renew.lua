-- Renew a claim.
-- KEYS: 1 claimed, 2 jobs
-- ARGV: 1 the job, 2 the claim's token, 3 the lease in seconds
-- Result: 1, or 0 if the claim had run out.
if redis.call('HGET', KEYS[2], ARGV[1] .. '|token') ~= ARGV[2] then
  return 0
end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], 'XX', string.format('%.6f', time[1] + time[2] / 1000000 + ARGV[3]), ARGV[1])
return 1
