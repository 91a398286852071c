-- End a claim: the job is done, unless it was added again meanwhile.
-- KEYS: 1 due, 2 claimed, 3 jobs
-- ARGV: 1 the job, 2 the claim's token
-- Result: 1, or 0 if the claim had run out and is no longer ours.
local job = ARGV[1]
if redis.call('HGET', KEYS[3], job .. '|token') ~= ARGV[2] then
  return 0
end
redis.call('ZREM', KEYS[2], job)
redis.call('HDEL', KEYS[3], job .. '|token', job .. '|attempts')
if not redis.call('ZSCORE', KEYS[1], job) then
  redis.call('HDEL', KEYS[3], job .. '|since', job .. '|sent', job .. '|event', job .. '|looks', job .. '|newer')
end
return 1
