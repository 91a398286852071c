-- Say which messages are noted as handled, and which run of Redis says so: what is done because of it must be noted in the same.
-- KEYS: 1 the notes
-- ARGV: the ids of the messages
-- Result: the run id, then for each message 1 if it is noted, else 0.
local told = {string.match(redis.call('INFO', 'server'), 'run_id:([^\r\n]+)')}
for i, id in ipairs(ARGV) do
  told[i + 1] = redis.call('ZSCORE', KEYS[1], id) and 1 or 0
end
return told
