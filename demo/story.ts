import { Jar, type Visit } from '../test/support/jar.ts';
import type { Journey } from './journey.ts';
import { OPS_API, SHOP_API } from './people.ts';
import type { World } from './world.ts';

/** What the chapters of the story share. */
interface Walk {
  readonly world: World;
  readonly jar: Jar;
  readonly hop: Journey['hop'];
}

/** A heading and the hops below it. */
export interface Chapter {
  readonly title: string;
  readonly walk: (walk: Walk) => Promise<void>;
}

/**
 * The story of the demo, from the first anonymous request to the replayed cookie of a session that has ended. The
 * chapters share one browser and build on each other.
 */
export const STORY: readonly Chapter[] = [
  { title: 'Nobody is signed in', walk: anonymous },
  { title: 'Anna, who holds orders:read, signs in', walk: signIn },
  { title: 'A single-page view on another host', walk: otherHost },
  { title: 'What Anna lacks', walk: missingScope },
  { title: 'The second host', walk: secondHost },
  { title: 'A service with a bearer token', walk: service },
  { title: 'Signing out', walk: signOut },
];

const SPOOFED = { headers: { 'X-Auth-Subject': 'mallory' } };
const ASKED = '/orders?view=open&note=a%20b';

async function anonymous({ world, jar, hop }: Walk): Promise<void> {
  await hop('a public page; a client cannot name itself', () => jar.page(`${world.shop}/`, SPOOFED), {
    status: 200,
    reason: 'public',
    told: { subject: 'nobody', token: 'no access token arrived' },
  });
  await hop('a script gets 401 and a login_url', () => jar.script(`${world.shop}/api/orders/7`), {
    status: 401,
    reason: 'login-needed',
    header: ['www-authenticate', 'Bearer'],
    says: '"login_url":"http',
  });
}

async function signIn({ world, jar, hop }: Walk): Promise<void> {
  const sent = await hop('a page: off to the provider', () => jar.page(world.shop + ASKED), {
    status: 302,
    reason: 'login-started',
    location: `${world.provider.issuer}/auth`,
  });
  const step = await hop('the provider has to ask who it is', () => jar.page(place(sent)), { status: 303 });
  await hop('its page with the people', () => jar.page(place(step)), { status: 200, says: 'value="anna"' });
  const body = new URLSearchParams({ person: 'anna' });
  const chosen = await hop('"Anna" is pressed', () => jar.page(place(step), { method: 'POST', body }), {
    status: 303,
  });
  const back = await hop('back with a code', () => jar.page(place(chosen)), {
    status: 303,
    location: `${world.shop}/_auth/callback`,
  });
  const done = await hop('the code becomes a session', () => jar.page(place(back)), {
    status: 303,
    reason: 'login-completed',
    location: world.shop + ASKED,
  });
  await hop('the very page that was asked for', () => jar.page(place(done)), {
    status: 200,
    reason: 'permitted',
    told: {
      asked: `GET ${ASKED.replace('&', '&#38;')}`,
      subject: 'anna',
      scopes: 'orders:read',
      token: `an access token for ${SHOP_API} with orders:read`,
    },
  });
  await hop('the app sees Anna, and its own cookie only', () => jar.page(`${world.shop}/orders`, SPOOFED), {
    status: 200,
    reason: 'permitted',
    told: { subject: 'anna', cookies: 'basket' },
  });
}

/** What a script of the view sends: browsers name its origin to other hosts, and no path. */
const ofView = ({ view }: World) => ({
  headers: { Origin: view, Referer: `${view}/`, 'Sec-Fetch-Site': 'same-site' },
});

async function otherHost({ world, jar, hop }: Walk): Promise<void> {
  const mayRead = ['access-control-allow-origin', world.view] as const;
  const api = `${world.shop}/api/orders/7`;
  await hop('its script calls the API with her session', () => jar.script(api, ofView(world)), {
    status: 200,
    reason: 'permitted',
    says: '"subject": "anna"',
    header: mayRead,
  });
  await hop('and asks who she is', () => jar.script(`${world.shop}/_auth/me`, ofView(world)), {
    status: 200,
    reason: 'own-page',
    says: '"subject":"anna"',
    header: mayRead,
  });
  await hop('without a session it learns where', () => new Jar().script(api, ofView(world)), {
    status: 401,
    reason: 'login-needed',
    says: `?rd=${encodeURIComponent(`${world.view}/`)}`,
    header: mayRead,
  });
}

async function missingScope({ world, jar, hop }: Walk): Promise<void> {
  const order = () => jar.script(`${world.shop}/api/orders/7`, { method: 'POST', body: '{}' });
  await hop('a script without orders:write', order, {
    status: 403,
    reason: 'scopes-not-asked',
    header: ['www-authenticate', 'error="insufficient_scope", scope="orders:write"'],
  });
  const sent = await hop('a page that needs it: asks for it once', () => jar.page(`${world.shop}/stock`), {
    status: 302,
    reason: 'login-started',
    location: `${world.provider.issuer}/auth`,
  });
  const back = await hop('nobody is asked again', () => jar.page(place(sent)), {
    status: 303,
    location: `${world.shop}/_auth/callback`,
  });
  const done = await hop('the provider granted less', () => jar.page(place(back)), {
    status: 303,
    reason: 'login-completed',
    location: `${world.shop}/stock`,
  });
  for (const what of ['a page says what is missing', 'and says it again: no loop']) {
    await hop(what, () => jar.page(place(done)), {
      status: 403,
      reason: 'scope-missing',
      says: 'orders:write',
    });
  }
  await hop('what she holds goes on', () => jar.page(`${world.shop}/orders`), {
    status: 200,
    reason: 'permitted',
    told: { scopes: 'orders:read' },
  });
  await hop('denied to everybody', () => jar.script(`${world.shop}/api/orders/7/internal`), {
    status: 403,
    reason: 'rule-deny',
  });
}

async function secondHost({ world, jar, hop }: Walk): Promise<void> {
  const sent = await hop('unknown here, so off to the provider', () => jar.page(`${world.ops}/`), {
    status: 302,
    reason: 'login-started',
    location: `${world.provider.issuer}/auth`,
  });
  const back = await hop('who knows her already', () => jar.page(place(sent)), {
    status: 303,
    location: `${world.ops}/_auth/callback`,
  });
  const done = await hop('a session of its own', () => jar.page(place(back)), {
    status: 303,
    reason: 'login-completed',
    location: `${world.ops}/`,
  });
  await hop('the same person, a token for this API', () => jar.page(place(done)), {
    status: 200,
    reason: 'permitted',
    told: { subject: 'anna', token: `an access token for ${OPS_API} with status:read` },
  });
  await hop('asked for at sign-in and not granted', () => jar.page(`${world.ops}/metrics`), {
    status: 403,
    reason: 'scope-missing',
    says: 'metrics:read',
  });
}

async function service({ world, hop }: Walk): Promise<void> {
  const program = new Jar();
  const { id, secret } = world.robot;
  const form = { grant_type: 'client_credentials', resource: SHOP_API, scope: 'orders:read orders:write' };
  const granted = await hop(
    'the provider gives it a token',
    () =>
      program.send(`${world.provider.issuer}/token`, {
        method: 'POST',
        headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
        body: new URLSearchParams(form),
      }),
    { status: 200, says: '"scope":"orders:read"' },
  );
  const headers = { Authorization: `Bearer ${tokenOf(granted)}` };
  const url = `${world.shop}/api/orders/7`;
  await hop('which opens what it holds', () => program.send(url, { headers }), {
    status: 200,
    reason: 'permitted',
    says: `"subject": "${id}"`,
  });
  await hop('and nothing else', () => program.send(url, { method: 'POST', headers, body: '{}' }), {
    status: 403,
    reason: 'scope-missing',
    header: ['www-authenticate', 'error="insufficient_scope", scope="orders:write"'],
  });
  await hop('least of all another API', () => program.send(`${world.ops}/`, { headers }), {
    status: 401,
    reason: 'token-audience',
    header: ['www-authenticate', 'error="invalid_token"'],
  });
}

async function signOut({ world, jar, hop }: Walk): Promise<void> {
  const account = `${world.shop}/account`;
  const old = sessionOf(await jar.cookie(account));
  await hop('the cookie that is replayed below', () => jar.page(account, { cookie: old }), {
    status: 200,
    reason: 'permitted',
    told: { subject: 'anna' },
  });
  const sent = await hop(
    'the session here ends first',
    () => jar.page(`${world.shop}/_auth/logout`, { method: 'POST', headers: { Origin: world.shop } }),
    { status: 303, reason: 'logged-out', location: `${world.provider.issuer}/session/end` },
  );
  const asked = await hop('the provider asks about its own', () => jar.page(place(sent)), {
    status: 200,
    says: 'Yes, sign me out',
  });
  const body = new URLSearchParams({
    logout: 'yes',
    xsrf: /name="xsrf" value="([^"]+)"/.exec(asked.body)?.[1] ?? '',
  });
  const confirm = `${world.provider.issuer}/session/end/confirm`;
  const back = await hop('"Yes" is pressed', () => jar.page(confirm, { method: 'POST', body }), {
    status: 303,
    location: `${world.shop}/_auth/logged-out`,
  });
  await hop('signed out', () => jar.page(place(back)), { status: 200, reason: 'logged-out-page' });
  const again = { status: 302, reason: 'login-started', location: `${world.provider.issuer}/auth` };
  await hop('the old cookie is worth nothing', () => jar.page(account, { cookie: old }), again);
  const anew = await hop('nobody is signed in', () => jar.page(account), again);
  await hop('at the provider neither', () => jar.page(place(anew)), { status: 303 });
}

/** Where an answer leads; without a Location the hop has been judged wrong already, and the story ends. */
function place({ location, method, url }: Visit): URL {
  if (location === undefined) throw new Error(`${method} ${url.href} leads nowhere`);
  return location;
}

/**
 * The session among the gateway's cookies. It also remembers the logins of the last ten minutes in a cookie of their
 * own (`postern-asked`), and two within a minute would get a page about a loop in place of a third.
 */
function sessionOf(cookie: string): string {
  return cookie
    .split('; ')
    .filter((pair) => /^postern(\.[^=]*)?=/.test(pair))
    .join('; ');
}

function tokenOf({ body }: Visit): string {
  try {
    return String(JSON.parse(body).access_token);
  } catch {
    return 'none';
  }
}
