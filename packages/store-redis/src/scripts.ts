/**
 * What runs inside Redis, each script as one atomic step. All keys share a hash tag: `entries` (a hash: key → version|ends|
 * value), `order` (a sorted set of keys, by bytes), `ends` (by when they end), `changes` (a stream whose ids are versions)
 * and `version`, which starts at the server's microseconds, so that it never comes back after a loss of data.
 */
const SHARED = `
local entries, order, ends, changes, counter = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local function live(key, now)
  local packed = redis.call('HGET', entries, key)
  if not packed then return nil end
  local version, last, value = string.match(packed, '^(%d+)|(%d*)|(.*)$')
  if last ~= '' and tonumber(last) <= now then return nil end
  return version, value, last
end
local function lastVersion()
  if redis.call('EXISTS', counter) == 0 then
    local time = redis.call('TIME')
    redis.call('SET', counter, time[1] .. string.format('%06d', tonumber(time[2])))
  end
  return redis.call('GET', counter)
end
local function nextVersion()
  lastVersion()
  redis.call('INCR', counter)
  return redis.call('GET', counter)
end
local function remove(key)
  redis.call('ZREM', order, key)
  redis.call('ZREM', ends, key)
  return redis.call('HDEL', entries, key)
end
local function announce(version, ...)
  redis.call('XADD', changes, 'MAXLEN', '~', '10000', version .. '-0', ...)
end
`

/** ARGV: now, then for each write its key, value, whether it has one (1, 0), what is expected (*, -, a version), its end. */
const COMMIT = `${SHARED}
local now = tonumber(ARGV[1])
for i = 2, #ARGV, 5 do
  local expected = ARGV[i + 3]
  if expected ~= '*' and (live(ARGV[i], now) or '-') ~= expected then return 0 end
end
for i = 2, #ARGV, 5 do
  local key, value, last = ARGV[i], ARGV[i + 1], ARGV[i + 4]
  if ARGV[i + 2] == '0' then
    if remove(key) == 1 then announce(nextVersion(), 'k', key) end
  else
    local version = nextVersion()
    local packed = version .. '|' .. last .. '|' .. value
    redis.call('HSET', entries, key, packed)
    redis.call('ZADD', order, 0, key)
    if last == '' then redis.call('ZREM', ends, key) else redis.call('ZADD', ends, last, key) end
    announce(version, 'k', key, 'p', packed)
  end
end
for _, key in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', ARGV[1], 'LIMIT', 0, 16)) do remove(key) end
return 1
`

/** ARGV: now, key. */
const GET = `${SHARED}
local version, value = live(ARGV[2], tonumber(ARGV[1]))
if not version then return false end
return { version, value }
`

/** ARGV: now, key. */
const TAKE = `${SHARED}
local version, value = live(ARGV[2], tonumber(ARGV[1]))
if not version then return false end
remove(ARGV[2])
announce(nextVersion(), 'k', ARGV[2])
return value
`

/** ARGV: now, the lowest key and the highest as ZRANGEBYLEX takes them, how many. */
const SCAN = `${SHARED}
local now, from, to, limit = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4])
local found = {}
while true do
  local keys = redis.call('ZRANGEBYLEX', order, from, to, 'LIMIT', 0, limit)
  for _, key in ipairs(keys) do
    local version, value, last = live(key, now)
    if version then
      found[#found + 1] = { key, version, last, value }
      if #found == limit then return found end
    end
  end
  if #keys < limit then return found end
  from = '(' .. keys[#keys]
end
`

/** ARGV: a version, or nothing; how many. Returns the last version and what came after the one given. */
const CHANGES = `${SHARED}
local last = lastVersion()
if ARGV[1] == '' or ARGV[1] == last then return { last, {} } end
return { last, redis.call('XRANGE', changes, '(' .. ARGV[1] .. '-0', '+', 'COUNT', ARGV[2]) }
`

export const SCRIPTS = { commit: COMMIT, get: GET, take: TAKE, scan: SCAN, changes: CHANGES } as const
