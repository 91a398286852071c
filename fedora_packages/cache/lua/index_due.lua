-- List dirty packages that are due: half of them those that wait longest, half those that became dirty last.
-- KEYS: 1 dirty
-- ARGV: 1 at most how many
-- Result: name, timestamp, name, timestamp ... in the order in which to write them: one of each half in turns.  They stay dirty
--         until they are written (see index_done).
-- One package that becomes dirty alone does not wait behind the thousands of a new repository, and those do not wait forever.
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000000 + time[2] + 1)
local most = tonumber(ARGV[1])
local waiting = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, most)
local newest = redis.call('ZREVRANGEBYSCORE', KEYS[1], now, '-inf', 'WITHSCORES', 'LIMIT', 0, most)
local due, seen = {}, {}
for i = 1, 2 * most, 2 do
  for _, from in ipairs({waiting, newest}) do
    if from[i] and not seen[from[i]] and #due < 2 * most then
      seen[from[i]] = true
      due[#due + 1] = from[i]
      due[#due + 1] = from[i + 1]
    end
  end
end
return due
