-- The law of the sliding window. Go twin: internal/algorithm/sliding_window.go.
--
-- State of a rate: the number of the window, what was charged in the window
-- before it, and what was charged in it.
-- Asked of a rate: the cost; the period; and the room, which is how much the
-- others may come to: limit − cost, and limit where cost is given back.

local STATE = '<dddd' -- version, window, previous, current
local ASKED = '<dddddd' -- times, within, mark, cost, period, room
local fits
local floor = math.floor

-- rolled returns the state as seen from the instant at. A state ahead of it
-- stays where it is.
local function rolled(at, window, previous, current, period)
  local after = at - window * period
  if after < period then return window, previous, current end
  if after < 2 * period then return window + 1, current, 0 end
  return (at - at % period) / period, 0, 0
end

-- share returns floor(room·period / previous), for room < previous. A product
-- of 2^53 and more is divided digit by digit, as on paper: with the period
-- written in base 2^52/previous no step passes 2^53.
local function share(room, period, previous)
  if room * period < 9007199254740992 then return floor(room * period / previous) end
  local base = floor(4503599627370496 / previous)
  local place = 1
  while place * base <= period do place = place * base end
  local quotient, rest = 0, 0
  while place >= 1 do
    rest = rest * base + floor(period / place) * room
    quotient = quotient * base + floor(rest / previous)
    rest, period, place = rest % previous, period % place, place / base
  end
  return quotient
end

-- decay returns how far into a window the weight of the previous one has fallen
-- to room: the least e with previous·(period − e) <= room·period.
local function decay(previous, room, period)
  if previous <= room then return 0 end
  return period - share(room, period, previous)
end

-- turn returns the first instant, not before now, at which there is room: in
-- this window, or else in the next one, for which that is the previous one.
local function turn(now, window, previous, current, _, period, room)
  window, previous, current = rolled(now, window, previous, current, period)
  local at = window * period
  if current <= room then
    at = at + decay(previous, room - current, period)
  else
    at = at + period + decay(current, room, period)
  end
  if at < now then return now end
  return at
end

-- fresh returns the first instant at which a state is as good as fresh.
local function fresh(window, previous, current, _, period)
  if current > 0 then return (window + 2) * period end
  if previous > 0 then return (window + 1) * period end
  return 0
end

-- charged returns the state with the cost charged at the instant at.
local function charged(_, at, window, previous, current, cost, period)
  window, previous, current = rolled(at, window, previous, current, period)
  return window, previous, current + cost
end

-- returned is charged for a cost that is given back at the instant at, which is at
-- most what was charged in the window of that instant.
local function returned(_, at, window, previous, current, cost, period)
  if window * period == at - at % period then
    current = current > cost and current - cost or 0
    if previous == 0 and current == 0 then window = 0 end
  end
  return window, previous, current
end
