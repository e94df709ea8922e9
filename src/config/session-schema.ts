import * as z from 'zod';
import { DURATION, DURATION_FORM } from '../document/duration.ts';
import { key } from './key.ts';
import { SECRET, SECRET_FORM, text } from './provider-schema.ts';

const duration = () => z.string().regex(DURATION);

const SENTINEL = key(
  z
    .strictObject({
      nodes: key(z.array(z.string()).min(1).optional(), {
        what: 'The sentinels, in the order that they are asked in. With `rediss://` they speak TLS too.',
        form: 'a list of addresses with ports',
        example: '[10.0.0.1:26379, 10.0.0.2:26379]',
      }),
      username: key(text().optional(), { what: 'The user at the sentinels, where they want one.' }),
      password: key(SECRET.optional(), {
        what: 'The password at the sentinels, where they want one.',
        form: SECRET_FORM,
      }),
    })
    .optional(),
  { what: 'The sentinels that know the primary, where they watch over it.' },
);

const REDIS = key(
  z
    .strictObject({
      url: key(z.string().optional(), {
        what: 'Where Redis or Valkey is: `rediss://` for TLS, `redis://` for plain text; a path `/2` is the number of the database. With `sentinel` the host is the name that the sentinels know the primary by.',
        form: 'a URL',
        example: 'rediss://redis.internal:6379',
        byDefault: 'required with `store: redis`',
      }),
      username: key(text().optional(), { what: 'The user (ACL), where it is not the default one.' }),
      password: key(SECRET.optional(), { what: 'The password.', form: SECRET_FORM }),
      ca: key(text().optional(), {
        what: "A file of certificate authorities (PEM), in place of the system's; relative to the configuration file, from the environment to the working directory.",
        form: 'a path',
        example: '/certs/ca.pem',
      }),
      keyPrefix: key(
        z
          .string()
          .regex(/^[A-Za-z0-9:_.-]{1,64}$/)
          .optional(),
        {
          what: 'What every key in Redis begins with: each deployment that shares a Redis has its own.',
          form: '1 to 64 letters, digits and :_.-',
          example: 'postern:',
          byDefault: '`postern:`',
        },
      ),
      sentinel: SENTINEL,
    })
    .optional(),
  { what: 'Redis or Valkey, for `store: redis`.' },
);

/** The keys of sessions. */
export const SESSION = key(
  z
    .strictObject({
      secret: key(SECRET.optional(), {
        what: 'The secret that seals sessions and logins, where there is just one; at least 32 bytes, the same on every replica.',
        form: SECRET_FORM,
        alternative: 'secrets',
      }),
      secrets: key(z.array(SECRET).min(1).optional(), {
        what: 'Session secrets in order, for rotation: the first seals, all open.',
        form: `a list of ${SECRET_FORM}`,
        alternative: 'secret',
      }),
      store: key(z.enum(['cookie', 'memory', 'redis']).default('cookie'), {
        what: 'Where sessions live: sealed in cookies, in the memory of the one process there is, or in Redis or Valkey, for any number of processes.',
      }),
      storeGrace: key(duration().optional(), {
        what: 'How long sessions go on that were read before Redis stopped answering; at most 15m. What another process does to them meanwhile is not seen.',
        form: DURATION_FORM,
        byDefault: '`60s`',
      }),
      maxAge: key(duration().default('12h'), {
        what: 'A session ends this long after signing in; 1m to 400d.',
        form: DURATION_FORM,
      }),
      idle: key(duration().optional(), {
        what: 'A session ends when it was not used for so long; 1m to 400d. Needs `store: memory` or `redis`.',
        form: DURATION_FORM,
        byDefault: 'never',
      }),
      refresh: key(z.boolean().default(false), {
        what: 'Whether access tokens are refreshed while the session lasts. Needs `store: memory` or `redis`.',
      }),
      redis: REDIS,
    })
    .prefault({}),
  { what: 'Sessions.' },
);
