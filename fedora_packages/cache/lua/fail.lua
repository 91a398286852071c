-- Note that a fill of one variant failed.  The error state keeps since when fills fail.
-- KEYS: 1 the entry, 2 the revision of its package
-- ARGV: 1 the variant, 2 the time (seconds since 1970), 3 the error (a sentence), 4 the upstream, 5 the kind of error
-- Result: since when fills of it fail.
local field = 'x:' .. ARGV[1]
local since = ARGV[2]
if redis.call('HEXISTS', KEYS[1], 'v:' .. ARGV[1]) == 1 then
  -- Another process has filled it meanwhile.  An error state would be shown after the next invalidation, and be wrong.
  return since
end
local known = redis.call('HGET', KEYS[1], field)
if known then
  since = cjson.decode(known).since
else
  local now = redis.call('TIME')
  redis.call('SET', KEYS[2], string.format('%.0f', now[1] * 1000000 + now[2]), 'NX')
  redis.call('INCR', KEYS[2])
end
redis.call('HSET', KEYS[1], field,
  cjson.encode({since = tonumber(since), at = tonumber(ARGV[2]), error = ARGV[3], upstream = ARGV[4],
    kind = ARGV[5]}))
return tostring(since)
