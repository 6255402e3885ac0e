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

-- The instant of the call in µs since 1970, by the server's clock.
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
