-- keep writes the value of a bucket that is as good as fresh from the instant
-- fresh on, or forgets a bucket that already is. The value that was found is as
-- good as fresh from the instant was on, which is nil if there was none; then
-- keep returns whether there really was none.
--
-- No value is written without a time to live. Setting one takes Redis longer than
-- all the rest of a decision, so the instant at which a key expires is rounded up:
-- most writes find the one that they need, and leave it.
local function keep(key, value, fresh, was)
  if fresh <= now then return was and call('DEL', key) end
  local floor = fresh - fresh % 1024000
  if not was then return call('SET', key, value, 'NX', 'PXAT', floor / 1000 + 1024) end
  if floor == was - was % 1024000 then return call('SET', key, value, 'KEEPTTL') end
  return call('SET', key, value, 'PXAT', floor / 1000 + 1024)
end

-- found returns the values of KEYS, each false if there is none, or if it is of
-- another type: which of the two, keep finds out.
local function found() return call('MGET', _G.unpack(KEYS)) end

-- decided returns numbers as one string of doubles.
local function decided(numbers) return pack('<' .. string.rep('d', #numbers), _G.unpack(numbers)) end
