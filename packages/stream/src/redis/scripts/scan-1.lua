#!lua flags=no-writes
--[[
One step of SCAN on the node that owns a shard: a script goes where its key lives, a bare SCAN goes anywhere.

KEYS
  1   any key of the shard
ARGV
  1   cursor
  2   pattern
  3   how many buckets to look into

Returns { next cursor, { key, key, ... } }, as SCAN does: a key may come twice, the end is the cursor 0.
]]

return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
