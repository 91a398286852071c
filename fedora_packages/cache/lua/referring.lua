-- Note that a message names a thing of upstream's, and give the packages whose values are about it.
-- KEYS: 1 what the query's values are about, 2 when a message last named this thing
-- ARGV: 1 the thing's number, 2 for how many seconds fills that are under way must hear of the message
-- Result: the names of the packages.
-- In one step: a value that is not in the list yet is stored after it, and then meets the note.
local now = redis.call('TIME')
redis.call('SET', KEYS[2], string.format('%.0f', now[1] * 1000000 + now[2]), 'EX', ARGV[2])
return redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[1])
