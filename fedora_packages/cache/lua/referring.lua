-- Note that a message names an external id, and return the packages whose values have it.
-- KEYS: 1 the external ids of the query's values, 2 when a message last named this one
-- ARGV: 1 the external id, 2 the seconds for which the note is kept: longer than any fill takes
-- Result: the names of the packages.
-- In one step: a value that is not listed yet is stored after it, and meets the note.
local now = redis.call('TIME')
redis.call('SET', KEYS[2], string.format('%.0f', now[1] * 1000000 + now[2]), 'EX', ARGV[2])
return redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[1])
