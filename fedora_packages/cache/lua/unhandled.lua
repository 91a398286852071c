-- List which messages are noted as handled, and in which run of Redis: what follows from it must be noted in the same run.
-- KEYS: 1 the ids of handled messages
-- ARGV: the ids of the messages
-- Result: the run id, then for each message 1 if it is noted, else 0.
local result = {string.match(redis.call('INFO', 'server'), 'run_id:([^\r\n]+)')}
for i, id in ipairs(ARGV) do
  result[i + 1] = redis.call('ZSCORE', KEYS[1], id) and 1 or 0
end
return result
