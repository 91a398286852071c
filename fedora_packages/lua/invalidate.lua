-- Take every value of an entry out of use: fills under way will not be stored, the values become last known good.
-- KEYS: 1 the entry, 2 the revision of its package
-- ARGV: 1 why (JSON)
-- Result: how many values were taken out of use.
-- An entry that does not exist is left so: a fill that began before Redis lost it is refused by its generation anyway.
-- The generation never falls behind the clock: had Redis been restored from an older copy, one that was handed out
-- after that copy was made could come a second time.
local before = redis.call('HGET', KEYS[1], 'gen')
if not before then
  return 0
end
local now = redis.call('TIME')
local gen = math.max(tonumber(before) + 1, now[1] * 1000000 + now[2])
local taken = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 'v:' then
    redis.call('HSET', KEYS[1], 'o:' .. string.sub(field, 3), redis.call('HGET', KEYS[1], field))
    redis.call('HDEL', KEYS[1], field)
    taken = taken + 1
  end
end
redis.call('HSET', KEYS[1], 'gen', string.format('%.0f', gen), 'why', ARGV[1])
redis.call('SET', KEYS[2], string.format('%.0f', gen), 'NX')
redis.call('INCR', KEYS[2])
return taken
