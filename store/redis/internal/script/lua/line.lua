-- Comes after bucket.lua or queue.lua where a bucket is a leaky one: the last
-- number of its value is the turn of the last who entered its queue. Nothing is
-- given back while that is ahead.
STATE = '<dddd' -- version, ticks, part, line
LINE = true
