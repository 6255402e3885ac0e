-- First part of every script that asks for the time.
--
-- Numbers are doubles holding integers below 2^53, so every sum and product
-- here is exact, and so is the floor of a quotient.

local call, pack, unpack = redis.call, struct.pack, struct.unpack

-- Whether a bucket has a line: see line.lua.
local LINE = false

-- Calls that read a bucket: the error of a key that is no string is a value
-- that makes no sense, and does not keep the other buckets from being served.
local try = redis.pcall

-- The instant of the call in µs since 1970, by the server's clock. A test adds
-- an argument with an instant of its own.
local now
if ARGV[#KEYS + 1] then
  now = ARGV[#KEYS + 1] + 0
else
  local time = call('TIME')
  now = time[1] * 1000000 + time[2]
end
