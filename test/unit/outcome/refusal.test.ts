import { describe, expect, test } from '@jest/globals';
import type { ClientHeaders } from '../../../src/forwarded/forwarded-request.ts';
import { bareRefusal } from '../../../src/outcome/bare-refusal.ts';
import { type RefusalDetails, refuse } from '../../../src/outcome/refusal.ts';
import type { Reply } from '../../../src/outcome/reply.ts';
import { here, type Visit } from '../../../src/outcome/visit.ts';
import { REASONS, type Reason } from '../../../src/reason.ts';
import {
  FETCH,
  FRAME,
  NAVIGATION,
  ruleSetOf,
  shopRules,
  type VisitParts,
  visitOf,
} from '../../support/requests.ts';

const ALL = Object.keys(REASONS) as Reason[];
const LOGIN = 'https://shop.example.com/_auth/login?rd=https%3A%2F%2Fshop.example.com%2F';

const KINDS: Readonly<Record<Visit['kind'], [line: string, headers: Partial<ClientHeaders>]>> = {
  'page-load': ['GET shop.example.com/orders?q=1', NAVIGATION],
  form: ['POST shop.example.com/orders?q=1', NAVIGATION],
  frame: ['GET shop.example.com/orders?q=1', FRAME],
  script: ['GET shop.example.com/orders?q=1', FETCH],
};
const visited = (kind: Visit['kind'], parts: VisitParts = {}): Visit =>
  visitOf(KINDS[kind][0], { ...parts, headers: { ...KINDS[kind][1], ...parts.headers } });

const linesOf = ({ headers }: Reply, name: string): string[] =>
  headers.filter(([field]) => field === name).map(([, value]) => value);
const one = (reply: Reply, name: string): string | undefined => {
  const [first, ...more] = linesOf(reply, name);
  expect(more).toEqual([]);
  return first;
};
const bodyOf = (reply: Reply): string => reply.body ?? '';
const json = (reply: Reply): Record<string, unknown> => JSON.parse(bodyOf(reply)) as Record<string, unknown>;

describe.each(Object.keys(KINDS) as Visit['kind'][])('every reason, for a %s', (kind) => {
  test.each(ALL)('%s', (reason) => {
    const visit = visited(kind);
    expect(visit.kind).toBe(kind);
    const { status, title } = REASONS[reason];
    const reply = refuse(visit, reason, {
      missing: ['a:b'],
      scopes: ['a:b'],
      resource: 'https://api',
      loginUrl: LOGIN,
    });
    const body = bodyOf(reply);
    expect(reply).toMatchObject({ status, reason });
    expect(reply.facts).toEqual({ app: 'shop', missing: ['a:b'], requestId: visit.requestId });
    expect(one(reply, 'Content-Type')).toBe(
      kind === 'script' ? 'application/problem+json' : 'text/html; charset=utf-8',
    );
    expect(one(reply, 'Content-Length')).toBe(String(Buffer.byteLength(body)));
    expect(one(reply, 'Cache-Control')).toBe('no-store');
    expect(one(reply, 'X-Content-Type-Options')).toBe('nosniff');
    expect(one(reply, 'Retry-After')).toBe(status === 503 || status === 429 ? '5' : undefined);
    expect(one(reply, 'WWW-Authenticate') !== undefined).toBe(status === 401 || 'error' in REASONS[reason]);
    for (const name of ['Set-Cookie', 'Location', 'Access-Control-Allow-Origin'])
      expect(linesOf(reply, name)).toEqual([]);
    expect(body.length).toBeLessThanOrEqual(16 * 1024);
    for (const text of [title, reason, visit.requestId]) expect(body).toContain(text);
  });
});

describe('problem JSON (RFC 9457)', () => {
  const visit = visited('script');

  test('has its members in order, and only those that there is something to say in', () => {
    expect(Object.entries(json(refuse(visit, 'rule-deny')))).toEqual([
      ['type', 'urn:postern:reason:rule-deny'],
      ['title', 'You may not open this page'],
      ['status', 403],
      ['detail', 'The rule for this address denies it to everyone.'],
      ['reason', 'rule-deny'],
      ['request_id', visit.requestId],
    ]);
  });

  test('names what is missing and where a login is', () => {
    const reply = refuse(visit, 'scopes-not-asked', {
      missing: ['a', 'b'],
      scopes: ['a', 'b', 'c'],
      loginUrl: LOGIN,
    });
    expect(json(reply)).toMatchObject({ status: 403, missing: ['a', 'b'], login_url: LOGIN });
    expect(one(reply, 'WWW-Authenticate')).toBe(
      'Bearer realm="shop.example.com", error="insufficient_scope", scope="a b c"',
    );
  });

  test('its status is the one sent', () => {
    const reply = refuse(visit, 'logged-out-page', { status: 401 });
    expect([reply.status, json(reply)['status']]).toEqual([401, 401]);
    expect(one(reply, 'WWW-Authenticate')).toBe('Bearer realm="shop.example.com"');
  });

  test('a hint stands behind the detail', () => {
    expect(json(refuse(visit, 'provider-refused', { hint: 'Choose another.' }))['detail']).toBe(
      'Try again, or use another account. Choose another.',
    );
  });

  test('facts are for the log only', () => {
    const reply = refuse(visit, 'internal-error', {
      facts: { cause: 'ECONNREFUSED 10.0.0.7', rule: 'shop.yaml:3' },
    });
    expect(bodyOf(reply)).not.toMatch(/ECONN|10\.0|yaml/);
    expect(reply.facts).toEqual({
      app: 'shop',
      cause: 'ECONNREFUSED 10.0.0.7',
      rule: 'shop.yaml:3',
      requestId: visit.requestId,
    });
  });

  test('further headers and cookies are sent', () => {
    const reply = refuse(visit, 'method-not-allowed', {
      headers: [['Allow', 'GET']],
      setCookie: ['a=1', 'b=2'],
    });
    expect(one(reply, 'Allow')).toBe('GET');
    expect(linesOf(reply, 'Set-Cookie')).toEqual(['a=1', 'b=2']);
  });
});

describe('pages', () => {
  test('XS7: nobody frames them, but the app itself the one with a way out', () => {
    for (const kind of ['page-load', 'form'] as const) {
      const reply = refuse(visited(kind), 'rule-deny');
      expect(one(reply, 'Content-Security-Policy')).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
      expect(one(reply, 'X-Frame-Options')).toBe('DENY');
      expect(one(reply, 'Referrer-Policy')).toBe('no-referrer');
    }
    const framed = refuse(visited('frame'), 'login-needed', { loginUrl: LOGIN });
    expect(one(framed, 'Content-Security-Policy')).toMatch(/^default-src 'none'; .*frame-ancestors 'self'/);
    expect(one(framed, 'X-Frame-Options')).toBeUndefined();
  });

  const HREF = LOGIN.replaceAll('&', '&amp;');

  test.each<
    [
      what: string,
      kind: Visit['kind'],
      reason: Reason,
      details: RefusalDetails,
      has: (string | RegExp)[],
      not: (string | RegExp)[],
    ]
  >([
    [
      'a form says that nothing was sent',
      'form',
      'login-needed',
      { loginUrl: LOGIN },
      ['nothing was sent', 'target="_blank"', `href="${HREF}"`],
      ['target="_top"'],
    ],
    [
      'a frame leads out',
      'frame',
      'login-needed',
      { loginUrl: LOGIN },
      ['target="_top"', `href="${HREF}"`],
      ['target="_blank"'],
    ],
    [
      'missing scopes are listed',
      'page-load',
      'scope-missing',
      { missing: ['orders:write'] },
      ['<li>orders:write</li>', 'prompt=select_account'],
      ['refresh'],
    ],
    [
      'a refused audience is named',
      'page-load',
      'audience-refused',
      { resource: 'https://api.x' },
      ['https://api.x'],
      [],
    ],
    [
      'a loop names the likely cause',
      'page-load',
      'login-loop',
      {},
      ['does not keep cookies', 'Try again'],
      [],
    ],
    [
      'a provider that is down reloads the page',
      'page-load',
      'provider-unavailable',
      {},
      ['<meta http-equiv="refresh" content="5">'],
      [],
    ],
    [
      'a foreign port leads to the right one',
      'page-load',
      'foreign-port',
      {},
      ['href="https://shop.example.com/orders?q=1"'],
      [],
    ],
    [
      'logout asks by a form',
      'page-load',
      'logout-confirm',
      {},
      ['<form method="post" action="https://shop.example.com/_auth/logout"'],
      [],
    ],
    [
      'an explicit deny leads to the start page alone',
      'page-load',
      'rule-deny',
      {},
      ['Go to the start page'],
      ['_auth', '<form'],
    ],
    [
      'a hint is shown',
      'page-load',
      'provider-refused',
      { hint: 'Said <b>no</b>.' },
      ['Said &lt;b&gt;no&lt;/b&gt;.'],
      ['<b>'],
    ],
    [
      'try again leads to where it was to go',
      'page-load',
      'callback-expired',
      { returnTo: '/x?y' },
      ['rd=%2Fx%3Fy'],
      [],
    ],
  ])('%s', (_what, kind, reason, details, has, not) => {
    const body = bodyOf(refuse(visited(kind), reason, details));
    for (const part of has) expect(body).toContain(part);
    for (const part of not) expect(body).not.toContain(part);
  });

  test('what the URL says is escaped', () => {
    const visit = visitOf('GET shop.example.com/a?"><script>alert(1)</script>\u00c3\u00a9', {
      headers: NAVIGATION,
    });
    for (const reason of ALL) expect(bodyOf(refuse(visit, reason))).not.toContain('<script');
  });

  test('a bearer-only app offers no other account', () => {
    const rules = shopRules('credentials: [bearer]');
    expect(
      bodyOf(refuse(visited('page-load', { rules }), 'scope-missing', { missing: ['a'] })),
    ).not.toContain('select_account');
  });

  test('a host without an app shows its name', () => {
    const reply = refuse(visitOf('GET evil.example/', { headers: NAVIGATION }), 'unknown-host');
    expect(bodyOf(reply)).toContain('evil.example');
    expect(reply.facts?.app).toBeUndefined();
  });
});

describe('FA17: never more than 16 KB, whatever is in it', () => {
  const scopes = (count: number, length: number): string[] =>
    Array.from({ length: count }, (_, index) => `${index}:${'s'.repeat(length)}`);
  const LONG: Readonly<Record<string, RefusalDetails>> = {
    'one scope too long': { missing: ['s'.repeat(20_000)] },
    'many scopes': { missing: scopes(2000, 20), scopes: scopes(2000, 20) },
    'many long scopes': { missing: scopes(300, 200) },
    'a long address of a login': { loginUrl: `${LOGIN}${'%2F'.repeat(6000)}` },
    'a long hint': { hint: '<&> '.repeat(500) },
    'a long resource': { resource: 'https://api.example/'.repeat(1000) },
    'a long return': { returnTo: `/${'x"<'.repeat(6000)}` },
    'all of it': {
      missing: scopes(500, 50),
      scopes: scopes(500, 50),
      loginUrl: `${LOGIN}${'%2F'.repeat(1100)}`,
      hint: 'ü'.repeat(1000),
      resource: 'r'.repeat(8000),
      returnTo: `/${'x'.repeat(3000)}`,
    },
  };
  const cases = (Object.keys(KINDS) as Visit['kind'][]).flatMap((kind) =>
    Object.keys(LONG).map((what) => [kind, what] as const),
  );

  test.each(cases)('a %s, %s', (kind, what) => {
    const target = `/${'a'.repeat(8000)}?${'"<>&\u00c3\u00a9'.repeat(1000)}`;
    const visit = visitOf(`${KINDS[kind][0].split('/', 1)[0]}${target}`, { headers: KINDS[kind][1] });
    for (const reason of [
      'scope-missing',
      'audience-refused',
      'login-needed',
      'provider-refused',
      'foreign-port',
    ] as const) {
      const reply = refuse(visit, reason, LONG[what]);
      expect(Buffer.byteLength(bodyOf(reply))).toBeLessThanOrEqual(16 * 1024);
      expect(one(reply, 'Content-Length')).toBe(String(Buffer.byteLength(bodyOf(reply))));
    }
  });

  test('what is cut is still JSON with a reason', () => {
    const reply = refuse(visited('script'), 'scope-missing', LONG['many scopes']);
    expect(json(reply)).toMatchObject({ reason: 'scope-missing', status: 403 });
  });
});

describe('CORS on our own refusals (design §6, origins)', () => {
  const WITH = shopRules('origins: [https://www.example.com, https://partner.example]');
  const UPSTREAM = shopRules('origins: upstream');
  const NONE = shopRules();

  const cors = (rules: typeof WITH, origin: string | undefined): string[] =>
    refuse(visited('script', { rules, headers: { ...FETCH, origin } }), 'login-needed')
      .headers.filter(([name]) => name === 'Vary' || name.startsWith('Access-Control-'))
      .map(([name, value]) => `${name}: ${value}`);

  const READABLE = (origin: string): string[] => [
    `Access-Control-Allow-Origin: ${origin}`,
    'Access-Control-Allow-Credentials: true',
    'Access-Control-Expose-Headers: WWW-Authenticate, Retry-After',
    'Vary: Origin',
  ];

  test.each<[what: string, rules: typeof WITH, origin: string | undefined, expected: string[]]>([
    ['an allowed origin', WITH, 'https://www.example.com', READABLE('https://www.example.com')],
    ['another allowed origin', WITH, 'https://partner.example', READABLE('https://partner.example')],
    ['a foreign origin', WITH, 'https://evil.example', ['Vary: Origin']],
    [
      'an origin that begins with an allowed one',
      WITH,
      'https://partner.example.evil.test',
      ['Vary: Origin'],
    ],
    ['null', WITH, 'null', ['Vary: Origin']],
    ['two Origin lines', WITH, 'https://www.example.com, https://www.example.com', ['Vary: Origin']],
    ['no Origin', WITH, undefined, ['Vary: Origin']],
    ['an app without origins', NONE, 'https://www.example.com', []],
    ['preflights are the upstream’s', UPSTREAM, 'https://www.example.com', []],
  ])('%s', (_what, rules, origin, expected) => expect(cors(rules, origin)).toEqual(expected));
});

test.each<[line: string, headers: Partial<ClientHeaders>, address: string]>([
  ['GET shop.example.com/a?b', NAVIGATION, 'https://shop.example.com/a?b'],
  ['GET shop.example.com:9999/a?b', NAVIGATION, 'https://shop.example.com/a?b'],
  ['GET shop.localhost:8080/a', NAVIGATION, 'http://shop.localhost:8080/a'],
  ['GET shop.example.com/a', FETCH, 'https://shop.example.com/'],
  ['POST shop.example.com/a', NAVIGATION, 'https://shop.example.com/'],
  ['GET shop.example.com/a', FRAME, 'https://shop.example.com/'],
  ['GET shop.example.com/%2e%2e/a', NAVIGATION, 'https://shop.example.com/'],
])('one can come back from %s', (line, headers, address) =>
  expect(here(visitOf(line, { headers }))).toBe(address),
);

test.each(ALL)('a bare refusal says %s as problem JSON, and keeps the cause for the log', (reason) => {
  const reply = bareRefusal(reason, 'the cause');
  const { status, title, detail } = REASONS[reason];
  const requestId = reply.facts?.requestId;
  expect(json(reply)).toEqual({
    type: `urn:postern:reason:${reason}`,
    title,
    status,
    detail,
    reason,
    request_id: requestId,
  });
  expect(reply).toMatchObject({ status, reason, facts: { cause: 'the cause' } });
  expect(reply.headers).toEqual([
    ['Content-Type', 'application/problem+json'],
    ['Cache-Control', 'no-store'],
    ['X-Content-Type-Options', 'nosniff'],
    ['Content-Length', String(Buffer.byteLength(bodyOf(reply)))],
  ]);
});

test('two refusals have two request ids', () => {
  const rules = ruleSetOf('app: a\nhosts: [a.de]\nrules: { /: public }\n');
  const ids = [1, 2].map(() => visitOf('GET a.de/', { rules }).requestId);
  expect(new Set([...ids, bareRefusal('internal-error').facts?.requestId]).size).toBe(3);
});

test('a spent callback is nothing to come back to', () => {
  const visit = visitOf('GET shop.example.com/_auth/callback?code=x&state=y', { headers: NAVIGATION });
  expect(bodyOf(refuse(visit, 'callback-state'))).toContain(
    `href="https://shop.example.com/_auth/login?rd=${encodeURIComponent('https://shop.example.com/')}"`,
  );
});
