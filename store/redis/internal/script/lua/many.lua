-- Carries out decisions under a quota of several rates, all or nothing, after
-- clock.lua, keep.lua and a law. Go twin: bucket.go.
--
-- All is as in one.lua, but that each of ARGV begins with the number of rates,
-- the same in all of them, and that the numbers of each rate follow.

local DOUBLES = '<ddddddddddddddddddddddddddddddddddddddddddd' -- enough for eight rates
local WORDS, PARTS = LINE and 2 or #STATE - 2, #ASKED - 4
local all = _G.unpack
local rates = unpack('<d', ARGV[1])
local last = 1 + WORDS * rates -- index of the last word of the last rate
local words, asking = string.sub(DOUBLES, 1, 1 + last + (LINE and 1 or 0)), string.sub(DOUBLES, 1, 4 + PARTS * rates)
local length, size = 8 * (#words - 1), 8 * (#asking - 1)
local reply, decisions, n = nil, {}, 0
if #KEYS == 1 then reply = { try('GET', KEYS[1]) } else reply = call('MGET', all(KEYS)) end

-- latest returns the latest of the turns that the rates have.
local function latest(w, p)
  local at, i = now, 4
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
  local i = 4
  for j = 2, last, WORDS do
    if not fits(now, at, w[j], w[j + 1], w[j + 2], p[i], p[i + 1], p[i + 2], p[i + 3], p[i + 4]) then return false end
    i = i + PARTS
  end
  return true
end

-- change makes of every rate what charged or returned makes of it.
local function change(how, at, w, p)
  local i = 4
  for j = 2, last, WORDS do
    local a, b, c = how(now, at, w[j], w[j + 1], w[j + 2], p[i], p[i + 1], p[i + 2], p[i + 3], p[i + 4])
    w[j], w[j + 1] = a, b
    if WORDS > 2 then w[j + 2] = c end
    i = i + PARTS
  end
end

-- freshAll returns the first instant at which all rates are as good as fresh.
local function freshAll(w, p)
  local at, i = 0, 4
  for j = 2, last, WORDS do
    local own = fresh(w[j], w[j + 1], w[j + 2], p[i], p[i + 1])
    if own > at then at = own end
    i = i + PARTS
  end
  return at
end

local before, p -- what was last asked, if it was one decision
for k = 1, #KEYS do
  local key, asked, value = KEYS[k], ARGV[k] or ARGV[1], reply[k]
  local sound = not value or #value == length
  local w = { unpack(words, value and sound and value or string.rep('\0', length)) }
  local was, changed = nil, false
  for at = 9, #asked, size do
    if asked ~= before then p = { unpack(asking, asked, at) } end
    if value and sound and not was then was = freshAll(w, p) end
    for _ = 1, p[1] do
      local within, after = p[2], latest(w, p) - now
      if not sound then
        after = -1
      elseif within < 0 then
        if after == 0 and not (LINE and w[last + 1] > now) then
          w[1], changed = 0, true
          change(returned, now, w, p)
          if LINE and freshAll(w, p) <= now then w[last + 1] = 0 end
        else
          after = -1
        end
      elseif after > within or not room(now + after, w, p) then
        after = -1
      else
        w[1], changed = p[3], true
        change(charged, now + after, w, p)
        if fits then w[last + 1] = now + after end
      end
      n = n + 1
      decisions[n] = after
    end
  end
  before = #asked == 8 + size and asked or nil
  if changed and not keep(key, pack(words, all(w)), freshAll(w, p), was) then
    reply[k] = try('GET', key)
  end
end

reply[#KEYS + 1] = n == 1 and decisions[1] or pack('<' .. string.rep('d', n), all(decisions))
reply[#KEYS + 2] = now
return reply
