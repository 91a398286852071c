-- Open an entry: return its generation, which a fill reads before its fetch begins.  A missing entry gets one.
-- KEYS: 1 the entry
-- Result: the generation.  A new one comes from the server's clock, in microseconds: after a loss of data no generation comes a
--         second time.
local gen = redis.call('HGET', KEYS[1], 'gen')
if not gen then
  local now = redis.call('TIME')
  gen = string.format('%.0f', now[1] * 1000000 + now[2])
  redis.call('HSET', KEYS[1], 'gen', gen)
end
return gen
