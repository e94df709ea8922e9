import { describe, expect, test } from '@jest/globals';
import { disagreements } from '../../src/agreement.ts';
import { ruleSetOf } from '../support/requests.ts';
import { configOfFile, SECRET } from './config/_load.ts';

interface Case {
  readonly tenants?: string;
  /** Further keys of the provider. */
  readonly provider?: string;
  readonly issuer?: string;
  readonly lines?: readonly string[];
  /** False: the lines have providers of their own. */
  readonly alone?: boolean;
  /** Lines of the app's file. */
  readonly app: readonly string[];
}

const HOSTED = ['hosts: ["{tenant}.shop.example.com"]', 'audience: "https://{tenant}.api"'];
const SHARED = ['hosts: ["{tenant}.shop.example.com"]', 'audience: https://api'];
const PATHED = ['hosts: [shop.example.com]', 'audience: "https://{tenant}.api"'];
const RULES = 'rules: { "/**": authenticated }';
const TENANTS = 'tenants: { list: [acme] }';
const IN_PATH = 'tenants: { in: path, list: [acme] }';

function problemsOf({
  tenants = '',
  provider = '',
  issuer = 'https://id.example.com/',
  lines = [],
  alone = true,
  app,
}: Case) {
  const { config } = configOfFile(
    [
      ...(alone ? [`provider: { issuer: "${issuer}", clientId: shop${provider} }`] : []),
      `session: { secret: "${SECRET}" }`,
      tenants,
      ...lines,
      '',
    ].join('\n'),
  );
  const rules = app.some((line) => line.startsWith('rules:')) ? app : [...app, RULES];
  const ruleSet = ruleSetOf(['app: shop', ...rules].join('\n'));
  return disagreements(config, ruleSet).map(({ line, message }) => `${line}: ${message}`);
}

describe('rules and configuration agree', () => {
  const CASES: readonly (readonly [string, Case])[] = [
    ['without tenants', { app: ['hosts: [shop.example.com]', 'audience: https://api'] }],
    ['the audience has the tenant', { tenants: TENANTS, app: HOSTED }],
    ['the issuer has it', { tenants: TENANTS, issuer: 'https://id.example.com/{tenant}', app: SHARED }],
    ['a claim names it', { tenants: 'tenants: { list: [acme], claim: tenant }', app: SHARED }],
    ['the path has it', { tenants: IN_PATH, app: PATHED }],
    [
      'an app without tenants beside',
      { tenants: TENANTS, app: ['hosts: [shop.example.com]', 'audience: https://api'] },
    ],
    [
      'an app that is public',
      { tenants: TENANTS, app: ['hosts: ["{tenant}.shop.example.com"]', 'rules: { "/**": public }'] },
    ],
    [
      'an exact host beside, and a claim',
      {
        tenants: 'tenants: { list: [acme], claim: tenant }',
        app: ['hosts: [shop.example.com, "{tenant}.shop.example.com"]', 'audience: https://api'],
      },
    ],
    [
      'the redirect URI is at the host',
      {
        tenants: TENANTS,
        provider: ', redirectUri: "https://{tenant}.shop.example.com/_auth/callback"',
        app: HOSTED,
      },
    ],
    [
      'the redirect URI is at the path',
      {
        tenants: IN_PATH,
        provider: ', redirectUri: "https://shop.example.com/{tenant}/_auth/callback"',
        app: PATHED,
      },
    ],
    [
      'the redirect URI is elsewhere, and nobody signs in',
      {
        tenants: TENANTS,
        provider: ', redirectUri: "https://{tenant}.example.com/_auth/callback"',
        app: [...HOSTED, 'credentials: [bearer]'],
      },
    ],
    [
      'the redirect URI is that of the login host',
      {
        tenants: TENANTS,
        lines: ['loginUrl: https://login.example.com'],
        provider: ', redirectUri: "https://login.example.com/_auth/callback"',
        app: HOSTED,
      },
    ],
  ];
  test.each(CASES)('%s', (_, one) => {
    expect(problemsOf(one)).toEqual([]);
  });
});

describe('rules and configuration disagree', () => {
  const CASES: readonly (readonly [string, Case, string])[] = [
    [
      'no tenants, a host',
      { app: SHARED },
      '2: The app `shop` has `{tenant}`, and the configuration has no tenants.',
    ],
    [
      'no tenants, an audience',
      { app: PATHED },
      '3: The app `shop` has `{tenant}`, and the configuration has no tenants.',
    ],
    [
      'no tenants, the audience of a need',
      {
        app: ['hosts: [shop.example.com]', 'rules: { "/**": { audience: "{tenant}" } }'],
      },
      '1: The app `shop` has `{tenant}`, and the configuration has no tenants.',
    ],
    [
      'the host says it, and the path should',
      { tenants: IN_PATH, app: HOSTED },
      '2: The app `shop` has `{tenant}` in a host, and `tenants.in` is path.',
    ],
    [
      'no host says it',
      { tenants: TENANTS, app: PATHED },
      '3: The app `shop` needs a tenant at every host, and shop.example.com has none.',
    ],
    [
      'one host does not say it',
      {
        tenants: TENANTS,
        app: ['hosts: ["{tenant}.shop.example.com", shop.example.com]', 'audience: "{tenant}"'],
      },
      '2: The app `shop` needs a tenant at every host, and shop.example.com has none.',
    ],
    [
      'the issuer wants one',
      {
        tenants: TENANTS,
        issuer: 'https://id.example.com/{tenant}',
        app: ['hosts: [shop.example.com]', 'audience: https://api'],
      },
      '1: The app `shop` needs a tenant at every host, and shop.example.com has none.',
    ],
    [
      'nothing is compared with it',
      { tenants: TENANTS, app: SHARED },
      '2: A token of one tenant opens every tenant of the app `shop`: nothing of it is compared with the tenant where the audience is `https://api`.',
    ],
    [
      'one audience of several is open',
      { tenants: TENANTS, app: ['hosts: ["{tenant}.a.de"]', 'audience: ["{tenant}", shared]'] },
      '2: A token of one tenant opens every tenant of the app `shop`: nothing of it is compared with the tenant where the audience is `shared`.',
    ],
    [
      'the audience of a need is open',
      {
        tenants: TENANTS,
        app: [...HOSTED, 'rules: { "/**": { audience: ops, all: [read] } }'],
      },
      '2: A token of one tenant opens every tenant of the app `shop`: nothing of it is compared with the tenant where the audience is `ops`.',
    ],
    [
      'a further issuer is open',
      {
        tenants: TENANTS,
        issuer: 'https://id.example.com/{tenant}',
        app: [...SHARED, 'issuers: [https://other.example.com/]'],
      },
      '2: A token of one tenant opens every tenant of the app `shop`: nothing of it is compared with the tenant where the audience is `https://api`.',
    ],
    [
      'only acr_values has it',
      {
        tenants: IN_PATH,
        provider: ', acrValues: "tenant:{tenant}"',
        app: ['hosts: [shop.example.com]', 'audience: https://api'],
      },
      '1: A token of one tenant opens every tenant of the app `shop`: nothing of it is compared with the tenant where the audience is `https://api`.',
    ],
    [
      'the redirect URI is at another domain',
      {
        tenants: TENANTS,
        provider: ', redirectUri: "https://{tenant}.example.com/_auth/callback"',
        app: HOSTED,
      },
      '2: The redirect URI of the provider `default` is at {tenant}.example.com, and {tenant}.shop.example.com of the app `shop` has another callback.',
    ],
    [
      'the redirect URI is at another host',
      {
        tenants: IN_PATH,
        provider: ', redirectUri: "https://app.example.com/{tenant}/_auth/callback"',
        app: PATHED,
      },
      '3: The redirect URI of the provider `default` is at app.example.com, and shop.example.com of the app `shop` has another callback.',
    ],
    [
      'one redirect URI for hosts of tenants',
      {
        tenants: TENANTS,
        provider: ', redirectUri: "https://shop.example.com/_auth/callback"',
        app: HOSTED,
      },
      '2: The redirect URI of the provider `default` is at shop.example.com, and {tenant}.shop.example.com of the app `shop` has another callback.',
    ],
    [
      'the redirect URI is at another port',
      {
        tenants: TENANTS,
        provider: ', redirectUri: "https://{tenant}.shop.example.com:8443/_auth/callback"',
        app: HOSTED,
      },
      '2: The redirect URI of the provider `default` is at https://tenant.shop.example.com:8443, and people reach {tenant}.shop.example.com elsewhere.',
    ],
    [
      'a rule at the gateway’s own path below a tenant',
      {
        tenants: IN_PATH,
        app: [...PATHED, 'rules: { "/*/_auth/me": public, "/**": authenticated }'],
      },
      '4: `/*/_auth/me` belongs to the gateway below every tenant, so this rule could never match.',
    ],
  ];
  test.each(CASES)('%s', (_, one, problem) => {
    expect(problemsOf(one)).toEqual([problem]);
  });
});

describe('the exchanges that an app names', () => {
  const APP = ['hosts: [shop.example.com]', 'audience: https://dash'];
  const entry = (more = '', from = 'https://id.example.com/'): string =>
    `exchange: [{ name: dash, from: { issuer: "${from}", audience: https://portal }, to: { audience: https://dash, scopes: [r] }${more} }]`;
  const SECRET_TOO = ', clientSecret: s';
  const problems = (lines: readonly string[], app: readonly string[]) =>
    problemsOf({ provider: SECRET_TOO, lines, app, alone: !lines.some((line) => line === 'providers:') });

  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['one that is there', [entry()], [...APP, 'exchange: [dash]'], []],
    [
      'a slip of the pen',
      [entry()],
      [...APP, 'exchange: [dahs]'],
      ['4: The configuration has no exchange `dahs`.'],
    ],
    ['none at all', [], [...APP, 'exchange: [dash]'], ['4: The configuration has no exchange `dash`.']],
    [
      'one that leads elsewhere',
      [entry()],
      [...APP.slice(0, 1), 'audience: https://portal', 'exchange: [dash]'],
      ['4: The exchange `dash` leads to `https://dash`, which no rule of the app `shop` takes.'],
    ],
    [
      'one that asks a provider which each tenant has its own of',
      [
        'tenants: { list: [acme] }',
        'providers:',
        '  main: { issuer: "https://id.example.com/", clientId: shop, clientSecret: s }',
        '  each: { issuer: "https://id.example.com/{tenant}", clientId: each, clientSecret: s }',
        entry(', provider: each'),
      ],
      [...APP, 'provider: main', 'exchange: [dash]'],
      [
        '5: The exchange `dash` asks a provider that each tenant has its own of, and the app `shop` has no tenants.',
      ],
    ],
    [
      'one that begins where nobody comes from',
      [entry('', 'https://else')],
      [...APP, 'exchange: [dash]'],
      ['4: The exchange `dash` begins at a token of https://else, which nobody brings to the app `shop`.'],
    ],
    [
      'one that begins at another issuer that is accepted',
      [entry(', bearer: true', 'https://else')],
      [...APP, 'issuers: [https://else]', 'exchange: [dash]'],
      [],
    ],
    [
      'one of a federation',
      [
        entry('', 'https://partner'),
        'federation: [{ issuer: https://partner, subject: s, audience: https://us, exchange: dash }]',
      ],
      [...APP, 'exchange: [dash]'],
      [],
    ],
    [
      'one of a federation whose issuer decides by itself',
      [
        entry('', 'https://partner'),
        'federation: [{ issuer: https://partner, subject: s, audience: https://us, exchange: dash }]',
      ],
      [...APP, 'issuers: [https://partner]', 'exchange: [dash]'],
      [
        '5: Access tokens of https://partner decide by themselves in the app `shop`, and `federation` exchanges them.',
      ],
    ],
  ])('%s', (_, lines, app, expected) => {
    expect(problems(lines, app)).toEqual(expected);
  });
});
