-- Carries out decisions under a quota of one rate, after clock.lua, keep.lua
-- and a law. Go twin: replay.go.
--
-- KEYS are buckets. ARGV[k] holds the decisions on KEYS[k], one after the
-- other, each as the law's ASKED says: how long the turn may be away at the
-- most, or a negative number to give cost back; the version to leave behind, by
-- which a place can be cancelled; and the numbers of the rate.
--
-- The reply is now, and for each key its value as it was found and for each
-- decision how long its turn is away, or -1 if nothing was changed: because the
-- turn is too late, or, for what is given back, because a place is taken ahead.

local reply, n = { now }, 1
local length = 8 * (#STATE - 1)

for k = 1, #KEYS do
  local key, asked = KEYS[k], ARGV[k]
  local value = try('GET', key)
  local sound = not value or #value == length
  local version, a, b, c, fresh = 0, 0, 0, 0, nil
  if value and sound then version, a, b, c = unpack(STATE, value) end
  n = n + 1
  reply[n] = value
  for at = 1, #asked, 8 * (#ASKED - 1) do
    local within, mark, p, q, r, s, t = unpack(ASKED, asked, at)
    local after = turn(now, a, b, c, p, q, r, s, t) - now
    if not sound then
      after = -1
    elseif within < 0 then
      if after == 0 and not (LINE and c > now) then
        version = 0
        a, b, c, fresh = returned(now, now, a, b, c, p, q, r, s, t)
      else
        after = -1
      end
    elseif after > within or fits and not fits(now, now + after, a, b, c, p, q, r, s, t) then
      after = -1
    else
      version = mark
      a, b, c, fresh = charged(now, now + after, a, b, c, p, q, r, s, t)
    end
    n = n + 1
    reply[n] = after
  end
  if fresh then keep(key, pack(STATE, version, a, b, c), fresh) end
end

return reply
