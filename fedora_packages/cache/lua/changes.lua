-- Read the stream of changes with its bounds.  In two steps, rows could be trimmed in between.
-- KEYS: 1 the stream, 2 when it began
-- ARGV: 1 the ID after which to read ('' to read no rows), 2 the maximum number of rows
-- Result: {when it began, its length, its first ID, its last ID ('0-0' for both while it is empty), the rows}
-- A stream without a beginning begins now: a client that follows it from here on misses nothing.
local now = redis.call('TIME')
redis.call('SET', KEYS[2], string.format('%.0f', now[1] * 1000000 + now[2]), 'NX')
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local rows = {}
if ARGV[1] ~= '' then
  rows = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
end
return {redis.call('GET', KEYS[2]), redis.call('XLEN', KEYS[1]), first and first[1] or '0-0', last and last[1] or '0-0', rows}
