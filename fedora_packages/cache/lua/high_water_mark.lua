-- Move the high-water mark of a bus, if Redis is still the one in which the replay began.
-- KEYS: 1 the high-water marks, 2 the ids of handled messages
-- ARGV: 1 the run id of that Redis, 2 the bus, 3 the mark, 4 the time before which ids need not be kept
-- Result: 1, or 0 if this is another Redis, which can have lost what was handled.
if not string.find(redis.call('INFO', 'server'), 'run_id:' .. ARGV[1], 1, true) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4])
return 1
