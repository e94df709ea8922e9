import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config/load.ts';

const KEY = String(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }),
);
const FILES: Readonly<Record<string, string>> = {
  '/etc/postern/key.pem': KEY,
  '/etc/postern/password': 'a password',
  '/etc/postern/ca.pem': '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n',
  '/etc/postern/text': 'no certificate',
};

/** Loads a configuration whose provider has these lines. */
function load(...lines: readonly string[]) {
  const text = [
    'provider:',
    ...['issuer: https://id.example.com/', 'clientId: shop', ...lines].map((line) => `  ${line}`),
    'session: { secret: a session secret of more than thirty-two bytes }',
    '',
  ].join('\n');
  const loaded = loadConfig({
    path: '/etc/postern/postern.yaml',
    env: {},
    cwd: '/',
    readFile: (path) => (path === '/etc/postern/postern.yaml' ? text : FILES[path]),
    now: 1_790_000_000,
  });
  if ('problems' in loaded)
    return loaded.problems.map(
      ({ line, column, message, wayOut }) => `${line}:${column}: ${message} -> ${wayOut}`,
    );
  return loaded.config.providers.get('default');
}

const MAKE_KEY =
  'make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`, and register its public half';

describe('private_key_jwt', () => {
  test('takes a key from a file', () => {
    expect(load('clientAuth: private_key_jwt', 'clientSecret: { file: key.pem }')).toMatchObject({
      clientAuth: 'private_key_jwt',
    });
  });

  test.each<[what: string, lines: string[], problem: string]>([
    [
      'a password in its place',
      ['clientAuth: private_key_jwt', 'clientSecret: { file: password }'],
      `5:17: \`provider.clientSecret\` is no private key in PEM or as a JWK. -> ${MAKE_KEY}`,
    ],
    [
      'one of a list that is none',
      ['clientAuth: private_key_jwt', 'clientSecrets: [{ file: key.pem }, { file: password }]'],
      `5:38: \`provider.clientSecrets[1]\` is no private key in PEM or as a JWK. -> ${MAKE_KEY}`,
    ],
    [
      'no key at all',
      ['clientAuth: private_key_jwt'],
      '4:15: `provider.clientAuth` is private_key_jwt, but there is no client secret. -> set `clientSecret` (POSTERN_PROVIDER_CLIENT_SECRET), or write `clientAuth: none` for a public client',
    ],
  ])('%s is refused', (_, lines, problem) => {
    expect(load(...lines)).toEqual([problem]);
  });
});

describe('ca', () => {
  test('is read', () => {
    expect(load('ca: ca.pem')).toMatchObject({ ca: FILES['/etc/postern/ca.pem'] });
  });

  test.each<[file: string, fault: string]>([
    ['gone.pem', 'cannot be read'],
    ['text', 'holds no certificate in PEM form'],
  ])('%s: the file %s', (file, fault) => {
    expect(load(`ca: ${file}`)).toEqual([
      `4:7: \`provider.ca\`: the file ${fault}. -> check the path, who may read the file, and that it begins with \`-----BEGIN CERTIFICATE-----\``,
    ]);
  });
});

describe('what every authorization request says', () => {
  test('is taken as it is written', () => {
    expect(
      load(
        'authorizationParameters: { organization: org_1 }',
        'prompt: login',
        'uiLocales: [de, en-GB]',
        'title: Web shop',
        'metadata: { owner: web team, support: "mailto:help@example.com" }',
      ),
    ).toMatchObject({
      authorizationParameters: { organization: 'org_1' },
      prompt: 'login',
      uiLocales: ['de', 'en-GB'],
      brand: { name: 'Web shop', support: 'mailto:help@example.com' },
      metadata: { owner: 'web team', support: 'mailto:help@example.com' },
    });
  });

  test.each<[name: string, wayOut: string]>([
    ['client_id', 'say it by `clientId` of the provider'],
    ['Redirect_URI', 'say it by `redirectUri` of the provider'],
    ['resource', 'say it by `audienceParameter` of the provider'],
    ['audience', 'say it by `audienceParameter` of the provider'],
    ['prompt', 'say it by `prompt` of the provider'],
    ['acr_values', 'say it by `acrValues` of the provider'],
    ['ui_locales', 'say it by `uiLocales` of the provider'],
    ...[
      ...['response_type', 'response_mode', 'state', 'nonce', 'code_challenge', 'code_challenge_method'],
      ...['scope', 'max_age', 'id_token_hint', 'request', 'request_uri', 'client_secret', 'claims'],
    ].map((name): [string, string] => [name, 'remove it']),
  ])('%s is the gateway’s own', (name, wayOut) => {
    expect(load(`authorizationParameters: { ${name}: x }`)).toEqual([
      `4:30: \`provider.authorizationParameters.${name}\`: the gateway sets this parameter itself. -> ${wayOut}`,
    ]);
  });

  test.each<[line: string, problem: RegExp]>([
    ['authorizationParameters: { "a&b": x }', /is no name of a parameter/],
    ['authorizationParameters: { a: 1 }', /must be/],
    ['prompt: none', /provider\.prompt/],
    ['uiLocales: ["de en"]', /uiLocales/],
    ['metadata: { support: "javascript:alert(1)" }', /must begin with https:\/\/ or mailto:/],
    ['metadata: { a: x, a: y }', /twice|again|once|unique|repeated/],
  ])('%s is refused', (line, problem) => {
    const problems = load(line);
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });
});
