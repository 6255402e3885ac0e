-- Looks at buckets of any law and writes nothing, after clock.lua. The answers are
-- worked out by its Go twin, bucket.go.
--
-- The reply is now, and the value of each of KEYS.

local values = {}
for k = 1, #KEYS do values[k] = try('GET', KEYS[k]) end
return { now, values }
