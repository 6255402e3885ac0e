-- Gives back places that waits have taken, one after the other, under any law,
-- after clock.lua and keep.lua. Go twin: place.go.
--
-- Nothing was charged, given back or reset since, as long as the bucket has the
-- version that the wait left behind. Then it becomes what it was before,
-- unless the instant of the turn has come.
--
-- KEYS are buckets, and may be the same. ARGV[k] holds that version, the
-- instant, the first instant at which the bucket would be as good as fresh
-- without the place, and the value it had.
--
-- The reply is 1 for each place that was given back, and 0 for each other.

local reply = {}
for k = 1, #KEYS do
  local mark, at, fresh, after = unpack('<ddd', ARGV[k])
  local value, before = try('GET', KEYS[k]), string.sub(ARGV[k], after)
  reply[k] = 0
  if type(value) == 'string' and #value == #before and unpack('<d', value) == mark and now < at then
    keep(KEYS[k], before, fresh, 0)
    reply[k] = 1
  end
end
return reply
