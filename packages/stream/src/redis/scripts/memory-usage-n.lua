#!lua flags=no-writes
--[[
Memory of many keys, every element of a collection counted (SAMPLES 0).

KEYS (n)  the keys to measure

Returns { bytes in all, number of keys that are there }
]]

local bytes = 0
local found = 0
for i = 1, #KEYS do
  local used = redis.call('MEMORY', 'USAGE', KEYS[i], 'SAMPLES', '0')
  if used then
    bytes = bytes + used
    found = found + 1
  end
end
return { bytes, found }
