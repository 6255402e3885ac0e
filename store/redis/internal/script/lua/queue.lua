-- The law of the leaky bucket as a queue. Go twin: internal/algorithm/leaky_bucket.go.
--
-- State and asked: as in bucket.lua.

local STATE = '<ddd' -- version, ticks, part
local ASKED = '<dddddddd' -- times, within, mark, costTicks, costPart, den, roomTicks, roomPart

-- fresh returns the first instant at which a state is as good as fresh.
local function fresh(ticks, part)
  if part > 0 then return ticks + 1 end
  return ticks
end

-- turn returns the instant at which the water of this rate has leaked.
local function turn(now, ticks, part)
  local leaked = fresh(ticks, part)
  if leaked < now then return now end
  return leaked
end

-- start returns the instant from which a rate counts the water of what is let
-- out at the instant at: only the latest rate keeps its own fraction.
local function start(now, at, ticks, part)
  if ticks < now or turn(now, ticks, part) < at then return at, 0 end
  return ticks, part
end

-- fits reports whether there is room now for what is let out at the instant at.
local function fits(now, at, ticks, part, _, _, _, _, roomTicks, roomPart)
  ticks, part = start(now, at, ticks, part)
  ticks = ticks - roomTicks
  if part > roomPart then ticks = ticks + 1 end
  return ticks <= now
end

-- charged returns the state with the cost in the queue, and the line.
local function charged(now, at, ticks, part, _, costTicks, costPart, den)
  ticks, part = start(now, at, ticks, part)
  ticks, part = ticks + costTicks, part + costPart
  if part >= den then ticks, part = ticks + 1, part - den end
  return ticks, part, at
end

-- A refund takes water out of the bucket, whoever brought it: bucket.lua does.
local returned
