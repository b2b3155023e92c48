#!lua flags=no-writes
--[[
The first bytes of many values.

KEYS (n)  the keys to look at
ARGV
  1       how many bytes of each, at least 1

Returns one entry for each key, in order: its first bytes, or nil when the key is absent.
]]

local last = tonumber(ARGV[1]) - 1
local prefixes = {}
for i = 1, #KEYS do
  local prefix = redis.call('GETRANGE', KEYS[i], 0, last)
  if prefix == '' and redis.call('EXISTS', KEYS[i]) == 0 then
    prefix = false
  end
  prefixes[i] = prefix
end
return prefixes
