import { missingRedis } from '../test/support/redis-server.ts';
import { signIn } from './login.ts';
import type { Asked } from './requests.ts';
import type { CryptoCounts } from './usage.ts';
import type { World } from './world.ts';

/** A kind of check that is measured beside a bare server, with the budget of design §9 for it. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly status: number;
  /** Every request brings another credential, which the gateway has never seen. */
  readonly distinct?: true;
  /** @param port of the gateway under test */
  readonly ask: (world: World, port: number) => Asked | Promise<Asked>;
  /** Why it cannot be measured in this world. */
  readonly missing?: (world: World) => string | undefined;
  /** Every request leaves a line in the log. */
  readonly logged?: true;
  /** `POSTERN_*` beside those of the world. */
  readonly env?: Readonly<Record<string, string>> | ((world: World) => Readonly<Record<string, string>>);
  /** CPU time at most, as a multiple of the bare server's. */
  readonly budget?: number;
  /** Exactly so much cryptography for each request. */
  readonly crypto?: (world: World) => CryptoCounts;
}

const ALL = { POSTERN_LOG_DECISIONS: 'all' };
const NONE: CryptoCounts = { hmac: 0, decrypt: 0, verify: 0 };

const session = ({ cookie }: World): Asked => ({ cookie });
const bearer = ({ bearer }: World): Asked => ({ manner: 'program', bearer });

const signedIn = async ({ env }: World, port: number): Promise<Asked> => ({
  cookie: await signIn(port, env['POSTERN_PROVIDER_ISSUER'] ?? ''),
});
const MEMORY = { POSTERN_SESSION_STORE: 'memory' };
const inRedis = ({ redis }: World): Readonly<Record<string, string>> => redis?.env ?? {};
const noRedis = ({ redis }: World): string | undefined => (redis === undefined ? missingRedis : undefined);

/** @returns what a gateway of this scenario is started with. */
export const environmentOf = ({ env = {} }: Scenario, world: World): Readonly<Record<string, string>> => ({
  ...world.env,
  ...(typeof env === 'function' ? env(world) : env),
});

/** In the order of the table. Logging is the default (`decisions: denied`) where the name does not say otherwise. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'session',
    title: 'session cookie, warm',
    status: 200,
    ask: session,
    budget: 1.3,
    crypto: () => NONE,
  },
  { name: 'bearer', title: 'bearer JWT, warm', status: 200, ask: bearer, budget: 1.3, crypto: () => NONE },
  {
    name: 'session-all',
    title: '  session, decisions: all',
    status: 200,
    ask: session,
    env: ALL,
    logged: true,
    budget: 1.7,
  },
  {
    name: 'bearer-all',
    title: '  bearer, decisions: all',
    status: 200,
    ask: bearer,
    env: ALL,
    logged: true,
    budget: 1.7,
  },
  {
    name: 'anonymous-302',
    title: 'anonymous page load, 302',
    status: 302,
    logged: true,
    ask: () => ({}),
    budget: 6,
  },
  {
    name: 'anonymous-401',
    title: 'anonymous script, 401',
    status: 401,
    logged: true,
    ask: () => ({ manner: 'script' }),
  },
  {
    name: 'public',
    title: 'public path, anonymous',
    status: 200,
    ask: () => ({ manner: 'script', target: '/assets/app.3f2a.js' }),
  },
  {
    name: 'session-cold',
    title: 'session cookie, first seen',
    status: 200,
    distinct: true,
    ask: async ({ sessions }) => ({ cookie: await sessions.cookie() }),
    // cookie-session signs each cookie by itself, so a session in two chunks takes two.
    crypto: ({ sessions }) => ({ hmac: sessions.chunks, decrypt: 1, verify: 0 }),
  },
  {
    name: 'bearer-cold',
    title: 'bearer JWT, first seen',
    status: 200,
    distinct: true,
    ask: ({ issuer }) => ({ manner: 'program', bearer: issuer.token() }),
    crypto: () => ({ hmac: 0, decrypt: 0, verify: 1 }),
  },
  {
    name: 'session-memory',
    title: 'session in memory, warm',
    status: 200,
    env: MEMORY,
    ask: signedIn,
  },
  {
    name: 'session-redis',
    title: 'session in Redis, warm',
    status: 200,
    env: inRedis,
    missing: noRedis,
    ask: signedIn,
  },
  {
    name: 'session-redis-cold',
    title: 'session in Redis, first seen',
    status: 200,
    distinct: true,
    env: inRedis,
    missing: noRedis,
    ask: async ({ redis }) => ({ cookie: (await redis?.sessions.cookie()) ?? '' }),
  },
];
