-- Looks at buckets of any law and writes nothing, after clock.lua. The answers are
-- worked out by its Go twin, bucket.go.
--
-- The reply is the value of each of KEYS, and now.

local reply = {}
for k = 1, #KEYS do reply[k] = try('GET', KEYS[k]) end
reply[#KEYS + 1] = now
return reply
