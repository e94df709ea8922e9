import { createHash } from 'node:crypto';

/** A Lua script: it runs as one step, and no other command comes between. */
export interface RedisScript {
  readonly text: string;
  /** What Redis knows it by once it has run. */
  readonly digest: string;
}

/*
 * A Redis that is full refuses a script whose first change could need more memory, and takes one that frees some first:
 * so all but `SAVE` begin with a `DEL`, `HDEL` or `EXPIRE`, and sessions that are there go on, and end.
 */
const redisScript = (text: string): RedisScript => ({
  text,
  digest: createHash('sha1').update(text).digest('hex'), // EVALSHA goes by this one
});

/**
 * The session keeps the names of its fate and of its indexes: so a session is over once its fate says so, even where the
 * index that leads to it is lost. KEYS: session, fate of its id, indexes… ARGV: revision, end, now (Unix seconds), seconds it may stay unused, sealed.
 * @returns 1, or 0 when a session with the id was ended before, or has ended by itself
 */
export const SAVE = redisScript(`
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
local ends, now = tonumber(ARGV[2]), tonumber(ARGV[3])
if ends <= now then return 0 end
redis.call('HSET', KEYS[1], 'r', ARGV[1], 'x', ARGV[2], 'u', ARGV[3], 'v', ARGV[5],
  'e', KEYS[2], 'i', table.concat(KEYS, ' ', 3))
redis.call('EXPIRE', KEYS[1], math.min(ends - now, tonumber(ARGV[4])))
for at = 3, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[at], '-inf', now)
  redis.call('ZADD', KEYS[at], ends, KEYS[1])
  if redis.call('TTL', KEYS[at]) < ends - now then redis.call('EXPIRE', KEYS[at], ends - now) end
end
return 1`);

/**
 * KEYS: session. ARGV: names of fields…
 * @returns the fields; nothing when it is not there, or was ended
 */
export const READ = redisScript(`
local fate = redis.call('HGET', KEYS[1], 'e')
if not fate or redis.call('EXISTS', fate) == 1 then return false end
return redis.call('HMGET', KEYS[1], unpack(ARGV))`);

/**
 * Uses a session, so that it is not unused for long. KEYS: session. ARGV: now, seconds it may stay unused.
 * @returns the revision; nothing when there is none, it was ended, or was unused for too long
 */
export const USE = redisScript(`
local found = redis.call('HMGET', KEYS[1], 'r', 'x', 'u', 'e')
if not found[4] or redis.call('EXISTS', found[4]) == 1 then return false end
local ends, used = tonumber(found[2]), tonumber(found[3])
local now, idle = tonumber(ARGV[1]), tonumber(ARGV[2])
if now >= ends or now - used >= idle then return false end
if now > used then
  redis.call('EXPIRE', KEYS[1], math.min(ends - now, idle))
  redis.call('HSET', KEYS[1], 'u', ARGV[1])
end
return found[1]`);

/**
 * Changes a session, and leaves its end alone. KEYS: session. ARGV: revision it must have, next revision, sealed, now.
 * @returns 1, or 0 when it is not there in that revision, or was ended
 */
export const UPDATE = redisScript(`
local found = redis.call('HMGET', KEYS[1], 'r', 'x', 'e')
if found[1] ~= ARGV[1] or tonumber(ARGV[4]) >= tonumber(found[2]) then return 0 end
if not found[3] or redis.call('EXISTS', found[3]) == 1 then return 0 end
redis.call('HDEL', KEYS[1], 'v')
redis.call('HSET', KEYS[1], 'r', ARGV[2], 'v', ARGV[3])
return 1`);

/**
 * Ends the sessions of an id. A logout stays one, whatever a login that was under way says afterwards.
 * KEYS: fate of the id, index of the id, sessions that are known to have it… ARGV: fate, seconds to remember it.
 */
export const REVOKE = redisScript(`
local function forget(key)
  local found = redis.call('HMGET', key, 'e', 'i')
  if found[1] ~= KEYS[1] then return end
  for index in string.gmatch(found[2] or '', '%S+') do redis.call('ZREM', index, key) end
  redis.call('DEL', key)
end
for _, key in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do forget(key) end
for at = 3, #KEYS do forget(KEYS[at]) end
redis.call('DEL', KEYS[2])
local left = tonumber(ARGV[2])
if left > 0 and redis.call('GET', KEYS[1]) ~= 'ended' then redis.call('SET', KEYS[1], ARGV[1], 'EX', left) end
return 1`);

/** Lets a lock go if it is still held by this holder. KEYS: lock. ARGV: holder. */
export const RELEASE = redisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`);
