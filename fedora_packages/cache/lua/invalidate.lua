-- Take every value of an entry out of use: fills under way will not be stored, the values become last known good.
-- KEYS: 1 the entry, 2 the revision of its package
-- ARGV: 1 why (JSON; '' leaves what is known), 2 when its event was sent ('' for none), 3 'make' to make an entry that does not
--       exist; then of each event that says what upstream must show: when it was sent, what its facts are about, the facts (JSON)
-- Result: how many values were taken out of use; -1 if there is no such entry and none was made.
-- An entry that does not exist is left so, unless somebody will fill it: a fill that began before Redis lost it is refused by
-- its generation anyway.
-- The generation never falls behind the clock: had Redis been restored from an older copy, one that was handed out
-- after that copy was made could come a second time.
local before = redis.call('HGET', KEYS[1], 'gen')
if not before and ARGV[3] ~= 'make' then
  return -1
end
local now = redis.call('TIME')
local gen = math.max(tonumber(before or '0') + 1, now[1] * 1000000 + now[2])
local taken = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 'v:' then
    redis.call('HSET', KEYS[1], 'o:' .. string.sub(field, 3), redis.call('HGET', KEYS[1], field))
    redis.call('HDEL', KEYS[1], field)
    taken = taken + 1
  end
end
redis.call('HSET', KEYS[1], 'gen', string.format('%.0f', gen))
local sent = tonumber(ARGV[2])
local known = tonumber(redis.call('HGET', KEYS[1], 'sent') or '')
-- Messages come late and out of order: what is said to be the cause is the newest event.
if ARGV[1] ~= '' and not (sent and known and sent < known) then
  redis.call('HSET', KEYS[1], 'why', ARGV[1])
  if sent then
    redis.call('HSET', KEYS[1], 'sent', ARGV[2])
  end
end
if #ARGV > 3 then
  -- The newest facts about each thing; of more things than these nobody waits to see them.
  local facts = cjson.decode(redis.call('HGET', KEYS[1], 'facts') or '{}')
  for i = 4, #ARGV, 3 do
    local moment, about = tonumber(ARGV[i]), ARGV[i + 1]
    if not facts[about] or facts[about][1] <= moment then
      facts[about] = {moment, ARGV[i + 2]}
    end
  end
  local kept = {}
  for about in pairs(facts) do
    kept[#kept + 1] = about
  end
  table.sort(kept, function(one, other) return facts[one][1] > facts[other][1] end)
  for i = 9, #kept do
    facts[kept[i]] = nil
  end
  redis.call('HSET', KEYS[1], 'facts', cjson.encode(facts))
end
redis.call('SET', KEYS[2], string.format('%.0f', gen), 'NX')
redis.call('INCR', KEYS[2])
return taken
