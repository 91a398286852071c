-- List touched packages that are due: half of them those that wait longest, half those that were touched last.
-- KEYS: 1 touched
-- ARGV: 1 at most how many
-- Result: name, moment, name, moment ... in the order in which they are to be handled: one of each half in turns.  They stay
--         noted: only what was written is struck out (see index_done).
-- One package that is touched alone does not wait behind the thousands that a new repository touches, and those do not wait
-- for ever behind others.
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
