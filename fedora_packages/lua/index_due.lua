-- List touched packages that are due, those that wait longest first.
-- KEYS: 1 touched
-- ARGV: 1 at most how many
-- Result: name, moment, name, moment ...  They stay noted: only what was written is struck out (see index_done).
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000000 + time[2] + 1)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
