-- Note messages as handled, if Redis is still the one in which that was done.
-- KEYS: 1 the ids of handled messages
-- ARGV: 1 the run id of that Redis; then of each message when it was sent, and its id
-- Result: 1, or 0 if this is another Redis: one that has restarted can have lost what was done.
if not string.find(redis.call('INFO', 'server'), 'run_id:' .. ARGV[1], 1, true) then
  return 0
end
for i = 2, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'NX', ARGV[i], ARGV[i + 1])
end
return 1
