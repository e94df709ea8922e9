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
  readonly ask: (world: World) => Asked | Promise<Asked>;
  /** Every request leaves a line in the log. */
  readonly logged?: true;
  /** `POSTERN_*` beside those of the world. */
  readonly env?: Readonly<Record<string, string>>;
  /** CPU time at most, as a multiple of the bare server's. */
  readonly budget?: number;
  /** Exactly so much cryptography for each request. */
  readonly crypto?: (world: World) => CryptoCounts;
}

const ALL = { POSTERN_LOG_DECISIONS: 'all' };
const NONE: CryptoCounts = { hmac: 0, decrypt: 0, verify: 0 };

const session = ({ cookie }: World): Asked => ({ cookie });
const bearer = ({ bearer }: World): Asked => ({ manner: 'program', bearer });

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
];
