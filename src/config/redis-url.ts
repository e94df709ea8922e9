import type { UrlFault } from './provider-url.ts';

const EXAMPLE = 'for example `rediss://redis.internal:6379`';

/** Judges the URL of a Redis by its form alone. @param bySentinel its host is the name of a primary, so it has no port */
export function redisUrlFault(text: string, bySentinel: boolean): UrlFault | undefined {
  const url = /^rediss?:\/\/[^\s\\]+$/.test(text) ? URL.parse(text) : null;
  if (url === null || url.hostname === '')
    return {
      words: 'must be a URL that begins with rediss:// or redis://',
      wayOut: `write it whole, ${EXAMPLE}`,
    };
  if (url.username !== '' || url.password !== '')
    return {
      words: 'must not hold a user name or password',
      wayOut: 'remove what stands before the @; set `session.redis.username` and `session.redis.password`',
    };
  if (/[?#]/.test(text))
    return {
      words: 'must not have a query or a fragment',
      wayOut: `remove what follows the host, ${EXAMPLE}`,
    };
  if (!/^\/?(?:[0-9]{1,4})?$/.test(url.pathname))
    return {
      words: 'has a path that is no number of a database',
      wayOut: 'write for example `/2`, or nothing',
    };
  if (bySentinel && url.port !== '')
    return {
      words: 'has a port, which the sentinels know',
      wayOut: 'write the name of the primary alone, for example `rediss://mymaster`',
    };
  return undefined;
}
