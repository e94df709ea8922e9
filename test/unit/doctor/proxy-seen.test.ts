import { describe, expect, test } from '@jest/globals';
import { notesAbout } from '../../../src/doctor/finding.ts';
import type { Answer } from '../../../src/doctor/look.ts';
import { readOwnAnswer } from '../../../src/doctor/own-answer.ts';
import {
  checkInPlace,
  checkReachable,
  forgedRequest,
  loginBegins,
  loginHost,
  type ProxyTerms,
  routerInPlace,
} from '../../../src/doctor/proxy-seen.ts';
import { problemJson } from '../../../src/outcome/problem-json.ts';
import type { Reason } from '../../../src/reason.ts';
import { mute, said } from './_said.ts';

const notes = notesAbout('proxy', 'shop.example.com');
const TERMS: ProxyTerms = {
  basePath: '/_auth',
  origin: 'https://shop.example.com',
  endpoints: ['traefik'],
  clientId: 'shop',
  redirectUri: 'https://shop.example.com/_auth/callback',
  wanted: { path: '/orders', reason: 'login-needed' },
  notes,
};

const other = (status: number, body = '', headers: Answer['headers'] = {}): Answer => ({
  status,
  headers,
  body,
});
const own = (reason: Reason, status: number, more: { loginUrl?: string; hint?: string } = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: problemJson(reason, { status, requestId: 'a-request', ...more }),
});
const redirect = (location: string, status = 302): Answer => other(status, '', { location });

describe('an answer of the gateway', () => {
  test.each<[string, Answer, string | undefined]>([
    ['its own words', own('no-rule', 403), 'no-rule'],
    ['a page', other(401, '<h1>Please sign in</h1>', { 'content-type': 'text/html' }), undefined],
    [
      'a problem of another program',
      other(404, '{"type":"about:blank"}', { 'content-type': 'application/problem+json' }),
      undefined,
    ],
    ['what is no JSON', other(404, '{', { 'content-type': 'application/problem+json' }), undefined],
    ['null', other(404, 'null', { 'content-type': 'application/problem+json' }), undefined],
  ])('%s', (_, answer, reason) => {
    expect(readOwnAnswer(answer)?.reason).toBe(reason);
  });
});

describe('a page that nobody may see', () => {
  const NOT = 'and not from the gateway';
  test.each<[string, Answer, Partial<ProxyTerms>, string, string]>([
    [
      'is refused',
      own('login-needed', 401),
      {},
      'ok: the check is in place: GET /orders without a session gets 401 login-needed',
      'gateway',
    ],
    [
      'is refused by a rule',
      own('no-rule', 403),
      { wanted: { path: '/orders', reason: 'no-rule' } },
      'ok: the check is in place: GET /orders without a session gets 403 no-rule',
      'gateway',
    ],
    [
      'is refused for another reason',
      own('no-rule', 403),
      {},
      'warning: GET /orders without a session gets 403 no-rule, and not login-needed',
      'gateway',
    ],
    [
      'is shown by the app',
      other(200, 'orders'),
      {},
      `problem: GET /orders without a session gets 200, ${NOT}`,
      'nobody',
    ],
    [
      'is unknown to the proxy',
      other(404, '404 page not found\n'),
      {},
      `problem: GET /orders without a session gets 404, ${NOT}: the proxy has no router for it`,
      'nobody',
    ],
    [
      'fails in the proxy',
      other(502),
      {},
      `problem: GET /orders without a session gets 502, ${NOT}`,
      'nobody',
    ],
    [
      'goes to https',
      redirect('https://shop.example.com/orders', 308),
      { origin: 'http://shop.example.com' },
      'warning: the proxy sends plain http on to https://shop.example.com',
      'nobody',
    ],
    [
      'goes elsewhere',
      redirect('https://www.example.com/'),
      {},
      `problem: GET /orders without a session gets 302, ${NOT}, but a redirect to https://www.example.com/`,
      'nobody',
    ],
    [
      'is asked about through the proxy',
      own('forwarded-header-missing', 400),
      {},
      'problem: GET /orders without a session gets 400 forwarded-header-missing',
      'nobody',
    ],
    [
      'is asked about by a stranger',
      own('untrusted-peer', 403),
      {},
      'problem: GET /orders without a session gets 403 untrusted-peer',
      'nobody',
    ],
    [
      'is refused by nginx in its own words',
      other(401, '<h1>401</h1>', { 'www-authenticate': 'Bearer realm="x"' }),
      { endpoints: ['nginx'] },
      'ok: GET /orders without a session gets 401 with a challenge: refused, as far as can be seen',
      'proxy',
    ],
    [
      'is refused by somebody else',
      other(401, '<h1>401</h1>'),
      {},
      `problem: GET /orders without a session gets 401, ${NOT}`,
      'nobody',
    ],
    [
      'does not exist',
      other(200),
      { wanted: undefined },
      'open: whether the check is in place: every path of the app is public',
      'nobody',
    ],
  ])('%s', (_, answer, more, expected, by) => {
    const found = checkInPlace(answer, { ...TERMS, ...more });
    expect([said([found.note]), found.by]).toEqual([[expected], by]);
    expect(mute([found.note])).toEqual([]);
  });
});

describe("the router of the gateway's pages", () => {
  const HERE = 'https://shop.example.com/_auth/login?rd=x';
  test.each<[string, Answer, string]>([
    [
      'is in place',
      own('login-needed', 401, { loginUrl: HERE }),
      "ok: the router of the gateway's pages is in place: /_auth/me gets 401",
    ],
    [
      'is missing',
      own('router-missing', 404, { hint: 'Add a router with the rule X and priority 10000.' }),
      "warning: the router of the gateway's pages is missing: /_auth/me gets 404 router-missing",
    ],
    [
      'belongs to a gateway with another public origin',
      own('login-needed', 401, { loginUrl: 'https://shop.example.com:8443/_auth/login' }),
      'problem: the gateway that runs sends people to https://shop.example.com:8443 to sign in, and this configuration to https://shop.example.com',
    ],
    ['leads to the app', other(200, 'hello'), 'problem: /_auth/me gets 200, and not from the gateway'],
    ['leads to other rules', own('unknown-host', 403), 'problem: /_auth/me gets 403 unknown-host'],
  ])('%s', (_, answer, expected) => {
    const note = routerInPlace(answer, TERMS);
    expect(said([note])).toEqual([expected]);
    expect(mute([note])).toEqual([]);
  });

  test('shows the very router to add', () => {
    const answer = own('router-missing', 404, { hint: 'Add a router with the rule X and priority 10000.' });
    expect(routerInPlace(answer, TERMS)).toMatchObject({
      change: 'Add a router with the rule X and priority 10000.',
    });
  });
});

describe('a page load', () => {
  const login = (client: string, uri: string): string =>
    `https://id.example.com/authorize?${new URLSearchParams({ client_id: client, redirect_uri: uri, state: 'never-shown' })}`;
  test.each<[string, Answer, string]>([
    [
      'goes to the provider',
      redirect(login('shop', TERMS.redirectUri)),
      'ok: a page load is sent to the provider to sign in',
    ],
    [
      'goes there by another configuration',
      redirect(login('shop', 'http://shop.example.com/_auth/callback')),
      'problem: a page load is sent to sign in with client shop and redirect URI http://shop.example.com/_auth/callback; this configuration says shop and https://shop.example.com/_auth/callback',
    ],
    ['came to a foreign port', other(421), 'problem: a page load is not sent to sign in, but gets 421'],
    ['found no provider', other(503), 'problem: a page load is not sent to sign in, but gets 503'],
    [
      'goes elsewhere',
      redirect('https://www.example.com/'),
      'problem: a page load is not sent to sign in, but gets 302',
    ],
  ])('%s', (_, answer, expected) => {
    const note = loginBegins(answer, TERMS);
    expect(said([note])).toEqual([expected]);
    expect(mute([note])).toEqual([]);
    expect(JSON.stringify(note)).not.toContain('never-shown');
  });
});

describe('what must not be reached', () => {
  test.each<[Reason, number, string]>([
    ['error-page', 403, 'problem: a client chooses with X-Forwarded-Uri which page is checked'],
    [
      'forwarded-header-repeated',
      400,
      "warning: a client's X-Forwarded-Uri reaches the check beside the proxy's own",
    ],
    ['login-needed', 401, "ok: a client's own X-Forwarded-Uri changes nothing"],
  ])('a forged request that gets %s', (reason, status, expected) => {
    expect(said([forgedRequest(own(reason, status), TERMS)])).toEqual([expected]);
  });

  const REACHED = 'of the gateway answers on the public host';
  test.each<[string, Answer, string]>([
    [
      'the check',
      own('forwarded-header-missing', 400),
      `problem: /verify ${REACHED} (400 forwarded-header-missing)`,
    ],
    [
      'the check of strangers',
      own('untrusted-peer', 403),
      `problem: /verify ${REACHED} (403 untrusted-peer)`,
    ],
    [
      'the check for nginx',
      other(403, '', { 'x-auth-reason': 'host-malformed' }),
      `problem: /verify ${REACHED} (403)`,
    ],
    ['a check of that path', own('no-rule', 403), 'ok: /verify of the gateway is not reachable from outside'],
    ['the app', other(404), 'ok: /verify of the gateway is not reachable from outside'],
  ])('%s', (_, answer, expected) => {
    expect(said([checkReachable(answer, '/verify', TERMS)])).toEqual([expected]);
  });
});

describe('the login host', () => {
  test.each<[Answer, string]>([
    [own('logged-out-page', 200), 'ok: the login host leads to the gateway'],
    [own('unknown-host', 403), 'problem: the login host answers 403 unknown-host'],
    [other(404), 'problem: the login host answers 404, and not from the gateway'],
  ])('%#', (answer, expected) => {
    expect(said([loginHost(answer, notes)])).toEqual([expected]);
  });
});
