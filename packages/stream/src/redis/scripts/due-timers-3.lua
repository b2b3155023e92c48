#!lua flags=no-writes
--[[
Timers that are due, with head and owner of the same instant.

KEYS
  1   head
  2   owner
  3   timers, a sorted set of names by due time; equal due times are ordered by the bytes of the name
ARGV
  1   latest due time in ms, inclusive; +inf for all
  2   how many at most; -1 for all

Returns { head or nil, owner or nil, { name, due time, name, due time, ... }, due time of the first timer or nil }
]]

local due = redis.call('ZRANGE', KEYS[3], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', '0', ARGV[2], 'WITHSCORES')
local first = redis.call('ZRANGE', KEYS[3], '0', '0', 'WITHSCORES')
return { redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]), due, first[2] or false }
