-- The law of the token bucket, of GCRA, and of the leaky bucket as a meter.
-- Go twin: internal/algorithm/gcra.go.
--
-- State of a rate: ticks and part of its theoretical arrival time (TAT).
-- Asked of a rate: cost·E in ticks and part; the denominator of the parts; and
-- the room, which is how far the TAT may be ahead of the turn, in ticks and
-- part: capacity·E − cost·E, and capacity·E where cost is given back.

local STATE = '<ddd' -- version, ticks, part
local ASKED = '<dddddddd' -- times, within, mark, costTicks, costPart, den, roomTicks, roomPart
local fits

-- fresh returns the first instant at which a state is as good as fresh.
local function fresh(ticks, part)
  if part > 0 then return ticks + 1 end
  return ticks
end

-- turn returns the first instant, not before now, at which there is room.
local function turn(now, ticks, part, _, _, _, _, roomTicks, roomPart)
  local at = ticks - roomTicks
  if part > roomPart then at = at + 1 end
  if at < now then return now end
  return at
end

-- charged returns the state with the cost charged at the instant at.
local function charged(_, at, ticks, part, line, costTicks, costPart, den)
  if ticks < at then ticks, part = at, 0 end
  ticks, part = ticks + costTicks, part + costPart
  if part >= den then ticks, part = ticks + 1, part - den end
  return ticks, part, line
end

-- returned is charged for a cost that is given back at the instant at.
local function returned(_, at, ticks, part, line, costTicks, costPart, den)
  ticks, part = ticks - costTicks, part - costPart
  if part < 0 then ticks, part = ticks - 1, part + den end
  if fresh(ticks, part) <= at then return 0, 0, 0 end
  return ticks, part, line
end
