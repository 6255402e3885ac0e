-- Gives back the place that a wait has taken, under any law, after clock.lua
-- and keep.lua. Go twin: place.go.
--
-- Nothing was charged, given back or reset since, as long as the bucket has the
-- version that the wait left behind. Then it becomes what it was before,
-- unless the instant of the turn has come.
--
-- ARGV[1] holds that version, the instant, the first instant at which the
-- bucket would be as good as fresh without the place, and the value it had.

local mark, at, fresh, after = unpack('<ddd', ARGV[1])
local value, before = call('GET', KEYS[1]), string.sub(ARGV[1], after)
if not value or #value ~= #before or unpack('<d', value) ~= mark or now >= at then
  return 0
end
keep(KEYS[1], before, fresh)
return 1
