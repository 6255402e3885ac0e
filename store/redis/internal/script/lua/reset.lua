-- Makes buckets of any law fresh, whatever is stored there. A place that was
-- taken ahead is forgotten: its version is gone.
--
-- The reply is how many buckets there were.

local n = 0
for k = 1, #KEYS do
  n = n + redis.call('DEL', KEYS[k])
end
return n
