-- Put a job on the refill queue, or make the one that is there due and keep the newest event with it.
-- KEYS: 1 due, 2 jobs
-- ARGV: 1 the job, 2 in how many seconds it is due, 3 when its event was sent ('' for none), 4 the event (JSON; '' for none)
-- Result: 1 if the job is new, 0 if it was there.
-- Due times are the server's, so that the clocks of hosts need not agree.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local job = ARGV[1]
local is_new = redis.call('HSETNX', KEYS[2], job .. '|since', string.format('%.6f', now))
if ARGV[3] == '' then
  -- Nothing new is known: a job that waits for its time, after a failure or for another look, goes on waiting.
  redis.call('ZADD', KEYS[1], 'NX', string.format('%.6f', now + ARGV[2]), job)
else
  redis.call('ZADD', KEYS[1], 'LT', string.format('%.6f', now + ARGV[2]), job)
  local known = redis.call('HGET', KEYS[2], job .. '|sent')
  if not known or tonumber(known) <= tonumber(ARGV[3]) then
    redis.call('HSET', KEYS[2], job .. '|sent', ARGV[3], job .. '|event', ARGV[4], job .. '|newer', '1')
    redis.call('HDEL', KEYS[2], job .. '|looks')
  end
end
return is_new
