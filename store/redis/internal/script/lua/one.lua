-- Carries out decisions under a quota of one rate, after clock.lua, keep.lua
-- and a law. Go twin: bucket.go.
--
-- KEYS are buckets. ARGV[k] holds the decisions on KEYS[k], one after the other,
-- each as the law's ASKED says: how often it is made in a row; how far away the
-- turn may be, or a negative number to give cost back; the version to leave
-- behind, by which a place can be cancelled; and the numbers of the rate. Where
-- all buckets are asked the same, there is one of ARGV for all of KEYS.
--
-- The reply is the values as they were found, the decisions, and now. A decision
-- is how far away its turn is, or -1 if nothing was changed: because the turn is
-- too late, or, for what is given back, because a place is taken ahead. One is a
-- number, several are one string of doubles, which takes less than many numbers.
--
-- MGET says of a key of another type that there is none; keep finds out.

local reply, decisions, n = nil, {}, 0
if #KEYS == 1 then reply = { try('GET', KEYS[1]) } else reply = call('MGET', _G.unpack(KEYS)) end
local length, size = 8 * (#STATE - 1), 8 * (#ASKED - 1)
local before -- what was last asked, if it was one decision
local times, within, mark, p, q, r, s, t

for k = 1, #KEYS do
  local key, asked, value = KEYS[k], ARGV[k] or ARGV[1], reply[k]
  local sound = not value or #value == length
  local version, a, b, c = 0, 0, 0, 0
  if value and sound then version, a, b, c = unpack(STATE, value) end
  local a0, b0, c0, changed = a, b, c, false
  for at = 1, #asked, size do
    if asked ~= before then times, within, mark, p, q, r, s, t = unpack(ASKED, asked, at) end
    for _ = 1, times do
      local after = turn(now, a, b, c, p, q, r, s, t) - now
      if not sound then
        after = -1
      elseif within < 0 then
        if after == 0 and not (LINE and c > now) then
          version, changed = 0, true
          a, b, c = returned(now, now, a, b, c, p, q, r, s, t)
        else
          after = -1
        end
      elseif after > within or fits and not fits(now, now + after, a, b, c, p, q, r, s, t) then
        after = -1
      else
        version, changed = mark, true
        a, b, c = charged(now, now + after, a, b, c, p, q, r, s, t)
      end
      n = n + 1
      decisions[n] = after
    end
  end
  before = #asked == size and asked or nil
  if changed then
    local was = value and fresh(a0, b0, c0, p, q)
    if not keep(key, pack(STATE, version, a, b, c), fresh(a, b, c, p, q), was) then reply[k] = try('GET', key) end
  end
end

reply[#KEYS + 1] = n == 1 and decisions[1] or pack('<' .. string.rep('d', n), _G.unpack(decisions))
reply[#KEYS + 2] = now
return reply
