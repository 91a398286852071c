-- Put a job on the refill queue, or make the one that is there due.
-- KEYS: 1 due, 2 first, 3 jobs, 4 since when the jobs of this query wait, 5 packages that were looked at lately
-- ARGV: 1 the job, 2 its package, 3 in how many seconds it is due, 4 when its event was sent ('' for none), 5 'first' to put
--       it before others whatever is known of its package
-- Result: 1 if the job is new, 0 if it was there.
-- Due times are the server's, so that the clocks of hosts need not agree.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local job = ARGV[1]
local is_new = redis.call('ZADD', KEYS[4], 'NX', string.format('%.6f', now), job)
local due = string.format('%.6f', now + ARGV[3])
local waiting = redis.call('ZSCORE', KEYS[2], job)
if not waiting and (ARGV[5] == 'first' or redis.call('ZSCORE', KEYS[5], ARGV[2])) then
  -- Nobody may be made to wait twice: what waits among the others goes to the front, at the time that it has.
  waiting = redis.call('ZSCORE', KEYS[1], job)
  if waiting then
    redis.call('ZREM', KEYS[1], job)
    redis.call('ZADD', KEYS[2], waiting, job)
  else
    redis.call('ZADD', KEYS[2], due, job)
    waiting = due
  end
end
local place = waiting and KEYS[2] or KEYS[1]
if ARGV[4] == '' then
  -- Nothing new is known: a job that waits for its time, after a failure or for another look, goes on waiting.
  redis.call('ZADD', place, 'NX', due, job)
else
  redis.call('ZADD', place, 'LT', due, job)
  local known = redis.call('HGET', KEYS[3], job .. '|sent')
  if not known or tonumber(known) <= tonumber(ARGV[4]) then
    redis.call('HSET', KEYS[3], job .. '|sent', ARGV[4], job .. '|newer', '1')
    redis.call('HDEL', KEYS[3], job .. '|looks')
  end
end
return is_new
