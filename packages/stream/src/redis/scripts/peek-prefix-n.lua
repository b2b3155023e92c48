#!lua flags=no-writes
--[[
The first bytes of many values.

KEYS (n)  the keys to look at
ARGV
  1       how many bytes of each, at least 1

Returns one entry for each key, in order: its first bytes, or nil when the key is absent.
]]

-- Arguments go as text: turning a number into one for each key would cost more than the read itself.
local call, keys = redis.call, KEYS
local last = string.format('%d', tonumber(ARGV[1]) - 1)
local prefixes = {}
for i = 1, #keys do
  local prefix = call('GETRANGE', keys[i], '0', last)
  if prefix == '' and call('EXISTS', keys[i]) == 0 then
    prefix = false
  end
  prefixes[i] = prefix
end
return prefixes
