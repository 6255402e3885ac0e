-- Looks at buckets of any law and writes nothing, after clock.lua. What is told
-- of them is worked out by its Go twin, replay.go.
--
-- The reply is now, and the value of each of KEYS.

local reply = { now }
for k = 1, #KEYS do
  reply[k + 1] = try('GET', KEYS[k])
end
return reply
