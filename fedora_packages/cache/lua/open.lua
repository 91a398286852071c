-- Give the generation of an entry, creating it where there is none; a fill reads it before its fetch begins.
-- KEYS: 1 the entry
-- Result: the generation.  A new one comes from the server's clock (microseconds), so that a server that lost its
-- data never hands out a number for the second time.
local gen = redis.call('HGET', KEYS[1], 'gen')
if not gen then
  local now = redis.call('TIME')
  gen = string.format('%.0f', now[1] * 1000000 + now[2])
  redis.call('HSET', KEYS[1], 'gen', gen)
end
return gen
