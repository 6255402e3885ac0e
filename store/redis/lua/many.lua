-- Carries out decisions under a quota of several rates, all or nothing, after
-- clock.lua, keep.lua and a law. Go twin: replay.go.
--
-- All is as in one.lua, but that each of ARGV begins with the number of rates,
-- the same in all of them, and that the numbers of each rate follow.

local DOUBLES = '<dddddddddddddddddddddddddddddddddddddddddd' -- enough for eight rates
local WORDS, PARTS = LINE and 2 or #STATE - 2, #ASKED - 3
local all = _G.unpack
local rates = unpack('<d', ARGV[1])
local last = 1 + WORDS * rates -- index of the last word of the last rate
local words, asking = string.sub(DOUBLES, 1, 1 + last + (LINE and 1 or 0)), string.sub(DOUBLES, 1, 3 + PARTS * rates)
local length, size = 8 * (#words - 1), 8 * (#asking - 1)
local reply, n = { now }, 1

-- latest returns the latest of the turns that the rates have.
local function latest(w, p)
  local at, i = now, 3
  for j = 2, last, WORDS do
    local own = turn(now, w[j], w[j + 1], w[j + 2], p[i], p[i + 1], p[i + 2], p[i + 3], p[i + 4])
    if own > at then at = own end
    i = i + PARTS
  end
  return at
end

-- room reports whether every rate has room for what has its turn at the
-- instant at: with most laws that follows from the turn.
local function room(at, w, p)
  if not fits then return true end
  local i = 3
  for j = 2, last, WORDS do
    if not fits(now, at, w[j], w[j + 1], w[j + 2], p[i], p[i + 1], p[i + 2], p[i + 3], p[i + 4]) then return false end
    i = i + PARTS
  end
  return true
end

-- change makes of every rate what charged or returned makes of it, and returns
-- the first instant at which all are as good as fresh.
local function change(how, at, w, p)
  local fresh, i = 0, 3
  for j = 2, last, WORDS do
    local a, b, c, own = how(now, at, w[j], w[j + 1], w[j + 2], p[i], p[i + 1], p[i + 2], p[i + 3], p[i + 4])
    w[j], w[j + 1] = a, b
    if WORDS > 2 then w[j + 2] = c end
    if own > fresh then fresh = own end
    i = i + PARTS
  end
  return fresh
end

for k = 1, #KEYS do
  local key, asked = KEYS[k], ARGV[k]
  local value = try('GET', key)
  local sound, fresh = not value or #value == length, nil
  local w = { unpack(words, value and sound and value or string.rep('\0', length)) }
  n = n + 1
  reply[n] = value
  for at = 9, #asked, size do
    local p = { unpack(asking, asked, at) }
    local within, after = p[1], latest(w, p) - now
    if not sound then
      after = -1
    elseif within < 0 then
      if after == 0 and not (LINE and w[last + 1] > now) then
        w[1], fresh = 0, change(returned, now, w, p)
        if LINE and fresh <= now then w[last + 1] = 0 end
      else
        after = -1
      end
    elseif after > within or not room(now + after, w, p) then
      after = -1
    else
      w[1], fresh = p[2], change(charged, now + after, w, p)
      if fits then w[last + 1] = now + after end
    end
    n = n + 1
    reply[n] = after
  end
  if fresh then keep(key, pack(words, all(w)), fresh) end
end

return reply
