import { describe, expect, test } from '@jest/globals';
import type { Config } from '../../../src/config/config.ts';
import { cookieNotes } from '../../../src/doctor/cookies.ts';
import { isKnownHost, MOST_HOSTS, placesOf, redirectUriOf } from '../../../src/doctor/hosts.ts';
import { protectedPath } from '../../../src/doctor/protected-path.ts';
import { loadRuleSet } from '../../../src/rules/load.ts';
import { said } from './_said.ts';

function rulesOf(...files: readonly string[]) {
  const loaded = loadRuleSet(files.map((text, at) => ({ file: `rules/${at}.yaml`, text })));
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.ruleSet;
}

const app = (hosts: string, rules = '/**: authenticated', more = '') =>
  `app: a${hosts.length}\nhosts: [${hosts}]\naudience: x\n${more}\nrules:\n  ${rules}\n`;

const LOGIN = {
  origin: 'https://login.example.com',
  host: 'login.example.com',
  scheme: 'https',
  port: 443,
} as const;
const PER_HOST = { public: undefined, loginUrl: undefined, basePath: '/_auth' };

describe('which hosts are asked', () => {
  const origins = (config: Pick<Config, 'public' | 'loginUrl'>, hosts: string, proxy?: string) =>
    placesOf(config, rulesOf(app(hosts)), [], proxy === undefined ? undefined : new URL(proxy)).places.map(
      ({ origin, guessed }) => [origin, guessed],
    );

  test.each<[string, Pick<Config, 'public' | 'loginUrl'>, string, string | undefined, unknown]>([
    ['a usual one', PER_HOST, 'a.example.com', undefined, [['https://a.example.com', false]]],
    [
      'at another port',
      { ...PER_HOST, public: { scheme: 'https', port: 8443 } },
      'a.example.com',
      undefined,
      [['https://a.example.com:8443', false]],
    ],
    [
      'the proxy changes nothing about a public origin',
      PER_HOST,
      'a.example.com',
      'http://10.0.0.5:8080',
      [['https://a.example.com', false]],
    ],
    [
      'a loopback name, at a port that is a guess',
      PER_HOST,
      'a.localhost',
      undefined,
      [['http://a.localhost', true]],
    ],
    [
      "a loopback name, at the proxy's port",
      PER_HOST,
      'a.localhost',
      'http://127.0.0.1:8080',
      [['http://a.localhost:8080', false]],
    ],
    [
      'the login host, too',
      { public: undefined, loginUrl: LOGIN },
      'a.example.com',
      undefined,
      [
        ['https://login.example.com', false],
        ['https://a.example.com', false],
      ],
    ],
  ])('%s', (_, config, hosts, proxy, expected) => {
    expect(origins(config, hosts, proxy)).toEqual(expected);
  });

  test('of many the first, and of wildcards none', () => {
    const many = Array.from({ length: MOST_HOSTS + 2 }, (_, at) => `h${at}.example.com`);
    const { places, notes } = placesOf(
      PER_HOST,
      rulesOf(app([...many, '"*.b.example.com"'].join(', '))),
      [],
      undefined,
    );
    expect(places).toHaveLength(MOST_HOSTS);
    expect(said(notes)).toEqual([
      'open: which hosts there are',
      'open: this host and 1 more: only 20 are asked at once',
    ]);
  });

  test('those that were named, also ones that a wildcard covers', () => {
    const ruleSet = rulesOf(app('a.example.com, "*.b.example.com"'));
    const { places, notes } = placesOf(PER_HOST, ruleSet, ['x.b.example.com'], undefined);
    expect(places.map(({ origin, app: one }) => [origin, one === ruleSet.apps[0]])).toEqual([
      ['https://x.b.example.com', true],
    ]);
    expect(notes).toEqual([]);
    expect(
      ['x.b.example.com', 'a.example.com', 'c.example.com', 'login.example.com'].map((host) =>
        isKnownHost({ loginUrl: LOGIN }, ruleSet, host),
      ),
    ).toEqual([true, true, false, true]);
  });

  test('come back to themselves, or to the one login host', () => {
    const place = { host: 'a.example.com', app: undefined, origin: 'https://a.example.com', guessed: false };
    expect(redirectUriOf(PER_HOST, place)).toBe('https://a.example.com/_auth/callback');
    expect(redirectUriOf({ ...PER_HOST, loginUrl: LOGIN }, place)).toBe(
      'https://login.example.com/_auth/callback',
    );
  });
});

describe('a path that nobody may see', () => {
  test.each<[string, string, string, object | undefined]>([
    ['the first that needs a token', '/: public\n  /a: [s]', '', { path: '/a', reason: 'login-needed' }],
    ['with any segment', '/a/*/b: [s]', '', { path: '/a/postern-doctor/b', reason: 'login-needed' }],
    ['and everything below', '/größe/**: [s]', '', { path: '/gr%C3%B6%C3%9Fe', reason: 'login-needed' }],
    [
      'not one that a more literal rule opens',
      '/*: [s]\n  /postern-doctor: public\n  /b/**: [s]',
      '',
      { path: '/b', reason: 'login-needed' },
    ],
    [
      'of an app where the rest needs a token',
      '/: public',
      'otherwise: authenticated',
      { path: '/postern-doctor', reason: 'login-needed' },
    ],
    ['of an app where the rest is denied', '/: public', '', { path: '/postern-doctor', reason: 'no-rule' }],
    ['that a rule denies', '/**: public\n  /a: deny', '', { path: '/a', reason: 'rule-deny' }],
    ['of other methods', '/**: { POST: [s] }', '', { path: '/', reason: 'method-not-listed' }],
    ['none', '/**: public', '', undefined],
  ])('%s', (_, rules, more, expected) => {
    const ruleSet = rulesOf(app('a.example.com', rules, more));
    expect(ruleSet.apps.map((one) => protectedPath(ruleSet, one))).toEqual([expected]);
  });
});

describe('cookies', () => {
  const config = (more: Partial<Config> = {}): Parameters<typeof cookieNotes>[0] => ({
    ...PER_HOST,
    insecureHttp: false,
    providers: new Map(),
    ...more,
  });
  const SECURE = 'ok: cookies are `__Host-postern…`: Secure, for one host, by https';
  const LOOPBACK = 'ok: cookies of loopback names are plain `postern…`, by http on this machine';
  const CLEAR = 'warning: cookies are plain `postern…` without Secure: public.scheme is http';
  const UNNEEDED = 'warning: insecureHttp is true, and nothing needs it';

  test.each<[string, string, Partial<Config>, string[]]>([
    ['https', 'a.example.com, "*.b.example.com"', {}, [SECURE]],
    ['loopback names', 'a.localhost, "*.b.localhost"', {}, [LOOPBACK]],
    ['both', 'a.example.com, a.localhost', {}, [LOOPBACK, SECURE]],
    ['loopback names by https', 'a.localhost', { public: { scheme: 'https', port: 8443 } }, [SECURE]],
    ['http', 'a.example.com', { insecureHttp: true, public: { scheme: 'http', port: 80 } }, [CLEAR]],
    ['a switch that nothing needs', 'a.example.com', { insecureHttp: true }, [SECURE, UNNEEDED]],
    [
      'a switch for the way to the provider',
      'a.example.com',
      {
        insecureHttp: true,
        providers: new Map([
          ['default', { issuer: 'https://id.example.com', internalUrl: 'http://idp.svc:8080' }],
        ]) as never,
      },
      [SECURE],
    ],
  ])('%s', (_, hosts, more, expected) => {
    expect(said(cookieNotes(config(more), rulesOf(app(hosts))))).toEqual(expected);
  });
});
