-- The law of the fixed window. Go twin: internal/algorithm/fixed_window.go.
--
-- State of a rate: the number of the window and what was charged in it.
-- Asked of a rate: the cost; the period; and the room, which is how much may
-- have been charged before: limit − cost, and limit where cost is given back.

local STATE = '<ddd' -- version, window, count
local ASKED = '<dddddd' -- times, within, mark, cost, period, room
local fits

-- fresh returns the first instant at which a state is as good as fresh.
local function fresh(window, count, _, _, period)
  if count > 0 then return (window + 1) * period end
  return 0
end

-- turn returns the first instant, not before now, at which there is room.
local function turn(now, window, count, _, _, period, room)
  local start = window * period
  if now - start >= period then return now end
  if count > room then return start + period end
  if start > now then return start end
  return now
end

-- charged returns the state with the cost charged at the instant at.
local function charged(_, at, window, count, _, cost, period)
  if at - window * period >= period then
    window, count = (at - at % period) / period, 0
  end
  return window, count + cost, 0
end

-- returned is charged for a cost that is given back at the instant at, which is at
-- most what was charged in the window of that instant.
local function returned(_, at, window, count, _, cost, period)
  if window * period ~= at - at % period then return window, count, 0 end
  if count <= cost then return 0, 0, 0 end
  return window, count - cost, 0
end
