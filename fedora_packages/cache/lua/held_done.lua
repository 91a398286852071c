-- Forget events that were held back and are handled now, unless newer ones about the same packages were held back meanwhile.
-- KEYS: 1 held back, by package
-- ARGV: of each package its name and the event that was handled
-- Result: how many were forgotten.
local done = 0
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
    done = done + redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return done
