-- Add jobs to the refill queue of an upstream; those that are in it become due.
-- KEYS: 1 due, 2 first, 3 jobs, 4 packages viewed lately, 5 and more: since when the jobs of a query wait
-- ARGV: 1 the seconds until they are due, 2 'first' to put them before others whether or not their packages were viewed; then of
--       each job its name, its package, when its event was sent ('' for none), the number of its query's key
-- Result: the number of new jobs.
-- Due times are those of the server's clock: the clocks of hosts need not agree.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local stamp = string.format('%.6f', now)
local due = string.format('%.6f', now + ARGV[1])
local added = 0
for i = 3, #ARGV, 4 do
  local job, package, sent = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  added = added + redis.call('ZADD', KEYS[tonumber(ARGV[i + 3])], 'NX', stamp, job)
  local waiting = redis.call('ZSCORE', KEYS[2], job)
  if not waiting and (ARGV[2] == 'first' or redis.call('ZSCORE', KEYS[4], package)) then
    -- A job that waits among the others moves to the front and keeps its time: it must not wait twice.
    waiting = redis.call('ZSCORE', KEYS[1], job) or due
    redis.call('ZREM', KEYS[1], job)
    redis.call('ZADD', KEYS[2], waiting, job)
  end
  local place = waiting and KEYS[2] or KEYS[1]
  if sent == '' then
    -- Without news a job that waits for its retry or its recheck goes on waiting.
    redis.call('ZADD', place, 'NX', due, job)
  else
    redis.call('ZADD', place, 'LT', due, job)
    local known = redis.call('HGET', KEYS[3], job .. '|sent')
    if not known or tonumber(known) <= tonumber(sent) then
      redis.call('HSET', KEYS[3], job .. '|sent', sent, job .. '|newer', '1')
      redis.call('HDEL', KEYS[3], job .. '|rechecks')
    end
  end
end
return added
