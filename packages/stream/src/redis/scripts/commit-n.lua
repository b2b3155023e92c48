#!lua
--[[
Applies one commit of a shard, all of it or nothing.

The `#!lua` line without flags makes Redis decide before the first command whether the script may write: a full
memory (OOM), a failed save (MISCONF), a replica (READONLY) or too few replicas (NOREPLICAS) refuse it as a whole.
Redis does not roll a script back, so everything that could fail is looked at before the first write. The head is
written last: should a write fail in a way that nobody foresaw, the old head stays and the same commit can be
repeated, for every write here says what shall be and not what shall be added.

KEYS (n = 2 + puts + deletes + memos, all in one slot)
  1                head
  2                timers, a sorted set of names by due time
  3 ...            keys to put
  then             keys to delete
  then             memos
ARGV
  1                parent token: first 8 bytes of the head that must be there; empty when none may be there (genesis)
  2                the new head; its first 8 bytes are the new token
  3                number of puts
  4                number of deletes
  5                number of timers to cancel
  6                number of timers to set
  7                1 to look first whether the user may use all the commands, 0 when that is known (it costs 10 µs)
  then             one value for each put
  then             one name for each timer to cancel
  then             due time in ms and name for each timer to set
  then             value and time to live in seconds for each memo

Returns
  1   applied
  2   already: the stored head is the new one, so the reply of this commit had been lost; nothing was written
  0   refused: the stored head is another one; nothing was written
Errors
  WRONGTYPE   head or timers hold something that is not ours; nothing was written
  NOPERM      the user may not use a command that is needed; nothing was written
]]

-- Lua's unpack ends at 8,000 values (LUAI_MAXCSTACK).
local UNPACK_LIMIT = 7000

local head = redis.call('GET', KEYS[1])
local parent = ARGV[1]
if head and string.sub(head, 1, 8) == string.sub(ARGV[2], 1, 8) then return 2 end
if parent == '' then
  if head then return 0 end
elseif not head or string.sub(head, 1, 8) ~= parent then
  return 0
end

local puts = tonumber(ARGV[3])
local deletes = tonumber(ARGV[4])
local cancelled = tonumber(ARGV[5])
local set = tonumber(ARGV[6])

if cancelled + set > 0 then
  local kind = redis.call('TYPE', KEYS[2]).ok
  if kind ~= 'zset' and kind ~= 'none' then
    return redis.error_reply('WRONGTYPE The timers are a ' .. kind .. ' and not a sorted set')
  end
end
if ARGV[7] == '1' and not (redis.acl_check_cmd('SET', KEYS[1], '', 'EX', '1')
    and redis.acl_check_cmd('MSET', KEYS[1], '')
    and redis.acl_check_cmd('DEL', KEYS[1])
    and redis.acl_check_cmd('ZREM', KEYS[2], '')
    and redis.acl_check_cmd('ZADD', KEYS[2], '1', '')) then
  return redis.error_reply('NOPERM A commit needs SET, MSET, DEL, ZADD and ZREM on the keys of the shard')
end

local first_value = 8
local pairs_per_call = UNPACK_LIMIT / 2
for from = 0, puts - 1, pairs_per_call do
  local pairs_of_call = {}
  local n = 0
  for i = from, math.min(from + pairs_per_call, puts) - 1 do
    pairs_of_call[n + 1] = KEYS[3 + i]
    pairs_of_call[n + 2] = ARGV[first_value + i]
    n = n + 2
  end
  redis.call('MSET', unpack(pairs_of_call))
end

local first_delete = 3 + puts
for from = 0, deletes - 1, UNPACK_LIMIT do
  local to = math.min(from + UNPACK_LIMIT, deletes) - 1
  redis.call('DEL', unpack(KEYS, first_delete + from, first_delete + to))
end

local first_cancelled = first_value + puts
for from = 0, cancelled - 1, UNPACK_LIMIT do
  local to = math.min(from + UNPACK_LIMIT, cancelled) - 1
  redis.call('ZREM', KEYS[2], unpack(ARGV, first_cancelled + from, first_cancelled + to))
end

local first_set = first_cancelled + cancelled
for from = 0, 2 * set - 1, UNPACK_LIMIT do
  local to = math.min(from + UNPACK_LIMIT, 2 * set) - 1
  redis.call('ZADD', KEYS[2], unpack(ARGV, first_set + from, first_set + to))
end

local first_memo = first_delete + deletes
local memo_argument = first_set + 2 * set
for i = 0, #KEYS - first_memo do
  redis.call('SET', KEYS[first_memo + i], ARGV[memo_argument + 2 * i], 'EX', ARGV[memo_argument + 2 * i + 1])
end

redis.call('SET', KEYS[1], ARGV[2])
return 1
