import { describe, expect, test } from '@jest/globals';
import { formatProblems } from '../../../src/document/format.ts';
import { load, problemsOfFile, SECRET, withLines } from './_load.ts';

const PROVIDER_KEYS = 'provider: { issuer: "https://id.example.com/", clientId: shop';
const provider = (more: string): string => `${PROVIDER_KEYS}, ${more} }\nsession: { secret: "${SECRET}" }\n`;
const session = (more: string): string => `${PROVIDER_KEYS} }\nsession: { secret: "${SECRET}", ${more} }\n`;

const ALGORITHMS = 'use one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519';

describe('what the schema refuses', () => {
  test.each([
    [withLines('publik: 3'), '3:1: `publik` is not a key of the configuration. -> did you mean `public`?'],
    [
      provider('post_logout_redirect_uri: x'),
      '1:64: `provider.post_logout_redirect_uri` is not a key of the configuration. -> did you mean `postLogoutRedirectUri`?',
    ],
    [
      withLines('maxAge: 1h'),
      '3:1: `maxAge` is not a key of the configuration. -> did you mean `session.maxAge`?',
    ],
    [
      withLines('log: { colour: true }'),
      '3:8: `log.colour` is not a key of the configuration. -> remove it; the keys here are level, decisions',
    ],
    [
      withLines('log: { level: warning }'),
      '3:15: `log.level` cannot be `warning`. -> use one of fatal, error, warn, info, debug, trace, silent',
    ],
    [
      withLines('log: { level: Debug }'),
      '3:15: `log.level` cannot be `Debug`. -> did you mean `debug`? Otherwise use one of fatal, error, warn, info, debug, trace, silent',
    ],
    [
      withLines('log: { decisions: true }'),
      '3:19: `log.decisions` must be one of denied, all, none. -> use one of denied, all, none',
    ],
    [withLines('log: loud'), '3:1: `log` must be a map of keys. -> write its keys below it, indented'],
    [
      withLines('insecureHttp: "yes"'),
      '3:15: `insecureHttp` must be true or false. -> write `true` or `false`',
    ],
    [withLines('endpoints: traefik'), '3:12: `endpoints` must be a list. -> put it in brackets: `[ … ]`'],
    [withLines('endpoints: []'), '3:12: `endpoints` is empty. -> give it a value, or remove it'],
    [withLines('trustedProxies: [10]'), '3:18: `trustedProxies[0]` must be text. -> put it in double quotes'],
    [
      withLines('trustedProxies: private'),
      '3:17: `trustedProxies` must be a list of IP addresses, CIDR ranges, `loopback` or `private`. -> write for example `[private]`',
    ],
    [withLines('rules: ""'), '3:8: `rules` is empty. -> give it a value, or remove it'],
    [
      withLines('listen: 4180'),
      '3:9: `listen` must be an address and a port. -> write for example `127.0.0.1:4180`',
    ],
    [
      withLines('public: { port: 0 }'),
      '3:17: `public.port` must be a port from 1 to 65535. -> write for example `443`',
    ],
    [
      withLines('public: { port: 80.5 }'),
      '3:17: `public.port` must be a port from 1 to 65535. -> write for example `443`',
    ],
    [
      withLines('public: { port: "443" }'),
      '3:17: `public.port` must be a port from 1 to 65535. -> write for example `443`',
    ],
    [
      withLines('clockTolerance: 5'),
      '3:17: `clockTolerance` must be a duration with its unit. -> add the unit: `5s` for seconds, `5m` for minutes, `5h` for hours',
    ],
    [
      session('maxAge: forever'),
      '2:68: `session.maxAge` must be a duration with its unit. -> write a whole number and one unit (s, m, h or d), for example `12h`',
    ],
    [
      'provider: { issuer: "https://a.example.com", clientId: 1234 }\nsession: { secret: "12345678901234567890123456789012" }',
      '1:56: `provider.clientId` must be text. -> put it in double quotes',
    ],
    [
      'provider: { issuer: "https://a.example.com", clientId: 12345678901234567890 }\nsession: { secret: "12345678901234567890123456789012" }',
      '1:56: YAML reads this as a number and would change its digits. -> put it in double quotes if it is a name, else write the plain number',
    ],
    [
      `provider: { clientId: shop }\nsession: { secret: "${SECRET}" }`,
      '1:1: `provider.issuer` is missing. -> add it, or set `POSTERN_PROVIDER_ISSUER`',
    ],
    [
      `providers:\n  a: { issuer: "https://a.example.com" }\nsession: { secret: "${SECRET}" }`,
      '2:3: `providers.a.clientId` is missing. -> add it',
    ],
    [
      `providers:\n  a b: { issuer: "https://a.example.com", clientId: x }\nsession: { secret: "${SECRET}" }`,
      '2:3: `providers.a b` cannot be the name of a provider. -> begin with a letter; then letters, digits, - and _',
    ],
    [
      `providers: {}\nsession: { secret: "${SECRET}" }`,
      '1:1: `providers` must be a map of names (letters, digits, - and _) to providers. -> write its keys below it, indented',
    ],
    [
      provider('tokens: { algorithms: [RS256, HS256] }'),
      `1:94: \`provider.tokens.algorithms\` cannot be \`HS256\`: only asymmetric signatures prove who signed. -> ${ALGORITHMS}`,
    ],
    [
      provider('tokens: { algorithms: [none] }'),
      `1:87: \`provider.tokens.algorithms\` cannot be \`none\`: only asymmetric signatures prove who signed. -> ${ALGORITHMS}`,
    ],
    [
      provider('idTokenAlg: HS512'),
      `1:76: \`provider.idTokenAlg\` cannot be \`HS512\`: only asymmetric signatures prove who signed. -> ${ALGORITHMS}`,
    ],
    [
      provider('kind: okta'),
      '1:70: `provider.kind` cannot be `okta`. -> use one of generic, auth0, proauth, keycloak, entra',
    ],
    [
      `${PROVIDER_KEYS} }\nsession: { secrets: [1] }`,
      '2:22: `session.secrets[0]` must be text. -> put it in double quotes',
    ],
    [
      `${PROVIDER_KEYS} }\nsession: { secret: { env: A, file: B } }`,
      '2:12: `session.secret` is no secret in a known form. -> write text, { env: NAME }, { file: path } or { value: … }; in `clientSecrets` with `expires: 2027-01-01` by option',
    ],
    ['just text', '1:1: The configuration is not a map of keys. -> write lines of the form `key: value`'],
    [
      withLines('"__proto__": { x: 1 }'),
      '3:1: `__proto__` is not a key of the configuration. -> remove it; the keys here are listen, pagesListen, adminListen, endpoints, trustedProxies, loginUrl, basePath, public, insecureHttp, rules, provider, providers, tenants, session, exchange, federation, clockTolerance, log',
    ],
  ])('%s', (text, problem) => {
    expect(problemsOfFile(text)).toEqual([problem]);
  });
});

test('all problems are said at once, of the schema and beyond it', () => {
  const text = [
    'listen: :4180',
    'basePath: /verify',
    'clockTolerance: 2m',
    'provider:',
    '  issuer: 7',
    '  clientSecert: x',
    '  clientId: shop',
    '  internalUrl: http://idp.svc',
    'session:',
    '  secrets: [{ value: short }]',
    '  maxAge: 12',
  ].join('\n');
  expect(problemsOfFile(text, { POSTERN_LOG_LEVEL: 'x' }).map((one) => one.replace(/ -> .*/, ''))).toEqual([
    '10:13: `session.secrets[0]` is shorter than 32 bytes, so it could be guessed.',
    '11:11: `session.maxAge` must be a duration with its unit.',
    '1:9: `listen` can be reached from other machines, and `trustedProxies` does not say which of them is the proxy.',
    '2:11: `basePath` cannot be /verify or below it.',
    '3:17: `clockTolerance` must be between 0s and 60s.',
    '5:11: `provider.issuer` must be a URL.',
    '6:3: `provider.clientSecert` is not a key of the configuration.',
    '8:16: `provider.internalUrl` is http, so anyone on the way can read and change what the provider says.',
    'POSTERN_LOG_LEVEL: `log.level` cannot be `x`.',
  ]);
});

test('a finding that may be untrue, because it rests on something broken, waits', () => {
  const text =
    'listen: :4180\ntrustedProxies: 5\nprovider: 3\nsession: { secrets: 7 }\ninsecureHttp: maybe\npublic: { scheme: http }';
  expect(problemsOfFile(text).map((one) => one.replace(/ -> .*/, ''))).toEqual([
    '2:17: `trustedProxies` must be a list of IP addresses, CIDR ranges, `loopback` or `private`.',
    '3:1: `provider` must be a map of keys.',
    '4:21: `session.secrets` must be a list of text, { env: NAME }, { file: path } or { value: … }.',
    '5:15: `insecureHttp` must be true or false.',
  ]);
});

test('printed, a secret in the wrong place is not shown', () => {
  const canary = 'hunter2-hunter2-hunter2-hunter2-hunter2';
  const texts = [
    `session: ${canary}`,
    `session: [${canary}]`,
    `session: { secret: ${canary}, secrets: [${canary}, { value: ${canary} }, { value: ${canary}, x: 1 }] }`,
    `session: { secrets: { value: ${canary} }, x: 1 }`,
    `session:\n  secrets:\n    - value: ${canary}\n      valeu: 1`,
    `session:\n  secrets:\n    - ${canary}\n    - ${canary}`,
    `session:\n  passwort: ${canary}`,
    `clientSecert: ${canary}`,
    `provider: { clientSecret: ${canary}, clientSecrets: [{ value: ${canary}, expires: 2020-01-01 }], clientAuth: x }`,
    `provider: { clientSecrets: [{ value: ${canary}, expires: never }] }`,
    `provider: ${canary}`,
    `providers: [${canary}]`,
    canary,
    `session: { secret: { env: ${canary} } }`,
    `- ${canary}`,
    `session: { secret: "${canary} }`,
    `session: { secret: ${canary}`,
    `session: { lifetime: ${'1'.repeat(300)}, passwort: ${canary} }`,
  ];
  for (const text of texts) {
    const result = load({ files: { '/app/postern.yaml': text } });
    const problems = 'problems' in result ? result.problems : [];
    expect(problems).not.toEqual([]);
    const shown = formatProblems(problems) + JSON.stringify(problems);
    expect({ text, shown: shown.includes('hunter2') }).toEqual({ text, shown: false });
  }
});
