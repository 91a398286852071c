-- Make failed jobs due that wait for their retry, in the order in which they wait.
-- KEYS: 1 due or first, 2 jobs
-- ARGV: 1 the time after which to begin ('' for now), 2 how many jobs to examine, 3 how many to make due
-- Result: {how many were made due, the time of the last one examined ('' if there are no more)}
-- Jobs that wait for a recheck have not failed, and go on waiting.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local after = ARGV[1] ~= '' and ARGV[1] or string.format('%.6f', now)
local jobs = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local made = 0
for i = 1, #jobs, 2 do
  if made < tonumber(ARGV[3]) and tonumber(redis.call('HGET', KEYS[2], jobs[i] .. '|attempts') or '0') > 0 then
    -- A microsecond apart they keep their order.  All of them are due when the first is claimed.
    redis.call('ZADD', KEYS[1], string.format('%.6f', now + made / 1000000), jobs[i])
    made = made + 1
  end
end
if #jobs < 2 * tonumber(ARGV[2]) then
  return {made, ''}
end
return {made, jobs[#jobs]}
