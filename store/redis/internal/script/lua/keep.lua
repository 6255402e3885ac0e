-- keep writes the value of a bucket that is as good as fresh from the instant
-- fresh on, or forgets a bucket that is so already. No value is written without
-- a time to live.
local function keep(key, value, fresh)
  if fresh > now then
    call('SET', key, value, 'PXAT', (fresh - fresh % 1000) / 1000 + 1)
  else
    call('DEL', key)
  end
end
