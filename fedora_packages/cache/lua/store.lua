-- Store the value of one variant, unless the entry was invalidated since the fetch began.
-- KEYS: 1 the entry, 2 the revision of its package, 3 the stream of changes, 4 when that stream began; if the value has an
--       external id: 5 the external ids of the query's values, 6 when a message last named this one
-- ARGV: 1 the generation before the fetch, 2 the variant, 3 the value (JSON), 4 'keep' to leave a current value in place,
--       5 the digest of the value without its stamp, 6 the length of the stream; 7 the package, 8 the external id
-- Result: 1, or 0 if the entry was invalidated.
-- The change is fed in the step that makes it: a client that reads it, and then the entry, finds this value or a newer one.
if redis.call('HGET', KEYS[1], 'gen') ~= ARGV[1] then
  return 0
end
if ARGV[4] == 'keep' and redis.call('HEXISTS', KEYS[1], 'v:' .. ARGV[2]) == 1 then
  return 1
end
local now = redis.call('TIME')
local stamp = string.format('%.0f', now[1] * 1000000 + now[2])
if KEYS[6] then
  local named = tonumber(redis.call('GET', KEYS[6]) or '0')
  if named >= tonumber(ARGV[1]) then
    -- The message did not find this entry, and the value may be from before it.  The next fill is from after it, and needs a
    -- newer generation.
    local gen = math.max(tonumber(ARGV[1]) + 1, now[1] * 1000000 + now[2])
    redis.call('HSET', KEYS[1], 'gen', string.format('%.0f', gen))
    return 0
  end
  redis.call('ZADD', KEYS[5], ARGV[8], ARGV[7])
end
local digest = 'd:' .. ARGV[2]
local is_other = redis.call('HGET', KEYS[1], digest) ~= ARGV[5]
redis.call('HSET', KEYS[1], 'v:' .. ARGV[2], ARGV[3], digest, ARGV[5])
redis.call('HDEL', KEYS[1], 'o:' .. ARGV[2], 'x:' .. ARGV[2])
-- A revision begins with the clock: after a loss of data none may come a second time.
redis.call('SET', KEYS[2], stamp, 'NX')
redis.call('INCR', KEYS[2])
if is_other then
  redis.call('SET', KEYS[4], stamp, 'NX')
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[6], '*', 'entry', KEYS[1], 'variant', ARGV[2])
end
return 1
