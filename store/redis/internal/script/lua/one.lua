-- Carries out decisions under a quota of one rate, after clock.lua, keep.lua
-- and a law. Go twin: bucket.go.
--
-- KEYS are buckets. ARGV[k] holds the decisions on KEYS[k], one after the other,
-- each as the law's ASKED says: how far away the turn may be, or a negative number
-- to give cost back; the version to leave behind, by which a place can be
-- cancelled; and the numbers of the rate.
--
-- The reply is now, the values as they were found, and as doubles for each
-- decision how far away its turn is, or -1 if nothing was changed: because the
-- turn is too late, or, for what is given back, because a place is taken ahead.

local values, decisions, n = found(), {}, 0
local length, size = 8 * (#STATE - 1), 8 * (#ASKED - 1)

for k = 1, #KEYS do
  local key, asked, value = KEYS[k], ARGV[k], values[k]
  local sound = not value or #value == length
  local version, a, b, c = 0, 0, 0, 0
  if value and sound then version, a, b, c = unpack(STATE, value) end
  local a0, b0, c0, changed = a, b, c, false
  local within, mark, p, q, r, s, t
  for at = 1, #asked, size do
    within, mark, p, q, r, s, t = unpack(ASKED, asked, at)
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
  if changed then
    local was = value and fresh(a0, b0, c0, p, q)
    if not keep(key, pack(STATE, version, a, b, c), fresh(a, b, c, p, q), was) then values[k] = try('GET', key) end
  end
end

return { now, values, decided(decisions) }
