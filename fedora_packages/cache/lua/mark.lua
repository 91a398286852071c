-- Move the mark up to which every message of a bus is known to have been handled, if Redis is still the one that it began in.
-- KEYS: 1 the marks, 2 the notes of what was handled
-- ARGV: 1 the run id of that Redis, 2 the bus, 3 the mark, 4 until when notes need not be kept
-- Result: 1, or 0 if this is another Redis: it may have lost what was handled.
if not string.find(redis.call('INFO', 'server'), 'run_id:' .. ARGV[1], 1, true) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4])
return 1
