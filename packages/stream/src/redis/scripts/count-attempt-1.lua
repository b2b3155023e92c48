#!lua
--[[
Counts an attempt that began on a head. A head that has moved starts at one again.

KEYS
  1   attempts, a hash of token, count and mark
ARGV
  1   token of the head that the attempt began on
  2   mark of this attempt: what the next one will be told

Returns { attempts on this head, this one included; mark of the one before or nil }
]]

local last = redis.call('HMGET', KEYS[1], 'token', 'count', 'mark')
local count = 1
local previous_mark = false
if last[1] == ARGV[1] then
  count = tonumber(last[2]) + 1
  previous_mark = last[3]
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'count', count, 'mark', ARGV[2])
return { count, previous_mark }
