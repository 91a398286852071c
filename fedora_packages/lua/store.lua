-- Store the value of one variant, unless the entry was invalidated since the fetch of it began.
-- KEYS: 1 the entry, 2 the revision of its package
-- ARGV: 1 the generation seen before the fetch, 2 the variant, 3 the value (JSON)
-- Result: 1 if stored, 0 if the race was lost.
if redis.call('HGET', KEYS[1], 'gen') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'v:' .. ARGV[2], ARGV[3])
redis.call('HDEL', KEYS[1], 'o:' .. ARGV[2], 'x:' .. ARGV[2])
redis.call('INCR', KEYS[2])
return 1
