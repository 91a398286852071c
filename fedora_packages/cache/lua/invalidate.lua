-- Invalidate an entry: fills under way will not be stored, and current values become last known ones.
-- KEYS: 1 the entry, 2 the revision of its package
-- ARGV: 1 why (JSON; '' leaves the known cause), 2 when its event was sent ('' for none), 3 'make' to make a missing entry; then
--       of each expected state: when its event was sent, its key, the state (JSON)
-- Result: how many values were current; -1 for an entry that is missing and was not made.
-- A missing entry stays missing unless it will be filled: a fill from before Redis lost the entry is refused by its generation.
-- The generation never falls behind the clock: in a Redis restored from an older copy none may come a second time.
local before = redis.call('HGET', KEYS[1], 'gen')
if not before and ARGV[3] ~= 'make' then
  return -1
end
local now = redis.call('TIME')
local gen = math.max(tonumber(before or '0') + 1, now[1] * 1000000 + now[2])
local count = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 'v:' then
    redis.call('HSET', KEYS[1], 'o:' .. string.sub(field, 3), redis.call('HGET', KEYS[1], field))
    redis.call('HDEL', KEYS[1], field)
    count = count + 1
  end
end
redis.call('HSET', KEYS[1], 'gen', string.format('%.0f', gen))
local sent = tonumber(ARGV[2])
local known = tonumber(redis.call('HGET', KEYS[1], 'sent') or '')
-- Messages come late and out of order: the newest event is the cause.
if ARGV[1] ~= '' and not (sent and known and sent < known) then
  redis.call('HSET', KEYS[1], 'why', ARGV[1])
  if sent then
    redis.call('HSET', KEYS[1], 'sent', ARGV[2])
  end
end
if #ARGV > 3 then
  -- The newest state of each subject, of the 8 subjects whose events are newest.
  local states = cjson.decode(redis.call('HGET', KEYS[1], 'facts') or '{}')
  for i = 4, #ARGV, 3 do
    local sent_at, about = tonumber(ARGV[i]), ARGV[i + 1]
    if not states[about] or states[about][1] <= sent_at then
      states[about] = {sent_at, ARGV[i + 2]}
    end
  end
  local kept = {}
  for about in pairs(states) do
    kept[#kept + 1] = about
  end
  table.sort(kept, function(one, other) return states[one][1] > states[other][1] end)
  for i = 9, #kept do
    states[kept[i]] = nil
  end
  redis.call('HSET', KEYS[1], 'facts', cjson.encode(states))
end
redis.call('SET', KEYS[2], string.format('%.0f', gen), 'NX')
redis.call('INCR', KEYS[2])
return count
