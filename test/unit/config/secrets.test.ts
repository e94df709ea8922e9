import { describe, expect, test } from '@jest/globals';
import { parseInstant } from '../../../src/config/secrets.ts';
import { configOf, configOfFile, NOW, problemsOf, problemsOfFile, SECRET } from './_load.ts';

const PROVIDER = 'provider: { issuer: "https://id.example.com/", clientId: shop }';
const session = (keys: string): string => `${PROVIDER}\nsession: { ${keys} }`;
const client = (keys: string): string =>
  `session: { secret: "${SECRET}" }\nprovider: { issuer: "https://id.example.com/", clientId: shop, ${keys} }`;

describe('session secrets', () => {
  test('from every source, in order', () => {
    const text = session(
      `secrets: [{ env: COOKIE_SECRET }, { file: ../run/old }, { value: "${SECRET} 3" }, "${SECRET} 4"]`,
    );
    const { secrets } = configOf({
      path: 'conf/p.yaml',
      env: { COOKIE_SECRET: `${SECRET} 1` },
      files: { '/app/conf/p.yaml': text, '/app/run/old': `${SECRET} 2\n` },
    });
    expect(secrets.session).toEqual([1, 2, 3, 4].map((n) => `${SECRET} ${n}`));
  });

  test('a variable that the file names may have any name', () => {
    const text = session('secrets: [{ env: POSTERN_COOKIE }]');
    expect(configOfFile(text, { POSTERN_COOKIE: SECRET }).secrets.session).toEqual([SECRET]);
  });

  test('31 bytes are too few, 32 are enough, and bytes count, not characters', () => {
    expect(problemsOfFile(session(`secret: "${'x'.repeat(31)}"`))).toEqual([
      '2:20: `session.secret` is shorter than 32 bytes, so it could be guessed. -> make one with `openssl rand -base64 32`',
    ]);
    expect(configOfFile(session(`secret: "${'x'.repeat(32)}"`)).secrets.session).toHaveLength(1);
    expect(configOfFile(session(`secret: "${'ü'.repeat(16)}"`)).secrets.session).toHaveLength(1);
  });

  test.each([
    [
      'store: cookie',
      '2:1: No session secret is configured. -> set `session.secret`, POSTERN_SESSION_SECRET or POSTERN_SESSION_SECRET_FILE; make one with `openssl rand -base64 32`',
    ],
    ['secrets: []', '2:21: `session.secrets` is empty. -> give it a value, or remove it'],
    [
      'secret: { env: COOKIE_SECRET }',
      '2:27: `session.secret`: The environment variable `COOKIE_SECRET` is not set. -> set it, or say where else the secret is',
    ],
    [
      'secret: { env: EMPTY }',
      '2:27: `session.secret`: The environment variable `EMPTY` is empty. -> set it, or say where else the secret is',
    ],
    [
      'secret: { file: nope }',
      '2:28: `session.secret`: The secret file /app/nope cannot be read. -> check the path and who may read the file',
    ],
    [
      'secrets: [changeme, { value: changeme }]',
      '2:22: `session.secrets[0]` is shorter than 32 bytes, so it could be guessed. -> make one with `openssl rand -base64 32`',
    ],
    [
      `secret: "${SECRET}", secrets: ["${SECRET}!"]`,
      '2:12: `session.secret` and `session.secrets` are both set. -> keep one of the two',
    ],
  ])('%s', (keys, problem) => {
    expect(problemsOfFile(session(keys), { EMPTY: '' })).toContain(problem);
  });

  test('the same one twice', () => {
    const problems = problemsOfFile(session(`secrets: [{ value: "${SECRET}" }, { value: "${SECRET}" }]`));
    expect(problems).toEqual([
      '2:73: `session.secrets[1]` is the same secret as `session.secrets[0]`. -> remove it, or put the new secret first',
    ]);
  });
});

describe('client secrets', () => {
  test('in order, with their end', () => {
    const text = client(
      'clientSecrets: [{ value: new, expires: 2027-01-01 }, { env: OLD, expires: "2026-06-01T12:00:00+02:00" }, plain]',
    );
    const { config, secrets } = configOfFile(text, { OLD: 'old' });
    expect(secrets.clients.get('default')).toEqual([
      { value: 'new', expiresAt: Date.UTC(2027, 0, 1) / 1000 },
      { value: 'old', expiresAt: Date.UTC(2026, 5, 1, 10) / 1000 },
      { value: 'plain', expiresAt: undefined },
    ]);
    expect(config.providers.get('default')?.clientAuth).toBe('client_secret_basic');
  });

  test('one that has expired is fine beside one that has not', () => {
    const text = client(
      'clientSecrets: [{ value: old, expires: 2020-01-01 }, { value: new, expires: 2026-01-02 }]',
    );
    expect(configOfFile(text).secrets.clients.get('default')).toHaveLength(2);
  });

  test.each([
    [
      'clientSecrets: [{ value: a, expires: 2026-01-01 }]',
      '2:101: The only client secret of `provider` has expired. -> make a new one at the provider and put it into the list',
    ],
    [
      'clientSecrets: [{ value: a, expires: 2020-01-01 }, { value: b, expires: 2025-12-31 }]',
      '2:136: Every client secret of `provider` has expired. -> make a new one at the provider and put it into the list',
    ],
    [
      'clientSecrets: [{ value: a, expires: soon }]',
      '2:101: `provider.clientSecrets[0].expires` is no date. -> write `2027-01-01` (it ends as that day begins, in UTC), or with a time `2027-01-01T12:00:00Z`',
    ],
    [
      'clientAuth: client_secret_post',
      '2:76: `provider.clientAuth` is client_secret_post, but there is no client secret. -> set `clientSecret` (POSTERN_PROVIDER_CLIENT_SECRET), or write `clientAuth: none` for a public client',
    ],
    [
      'clientSecret: a, clientSecrets: [b]',
      '2:64: `provider.clientSecret` and `provider.clientSecrets` are both set. -> keep one of the two',
    ],
    [
      'clientSecret: { env: OIDC }',
      '2:85: `provider.clientSecret`: The environment variable `OIDC` is not set. -> set it, or say where else the secret is',
    ],
  ])('%s', (keys, problem) => {
    expect(problemsOfFile(client(keys))).toEqual([problem]);
  });

  test('none is a public client', () => {
    expect(configOfFile(client('kind: auth0')).config.providers.get('default')?.clientAuth).toBe('none');
  });

  test('problems name the variable that the secret came from', () => {
    const env = {
      POSTERN_PROVIDER_ISSUER: 'https://id.example.com/',
      POSTERN_PROVIDER_CLIENT_ID: 'shop',
      POSTERN_PROVIDER_CLIENT_SECRETS_FILE: '/a,/b',
      POSTERN_SESSION_SECRET: 'too short',
    };
    expect(problemsOf({ env, files: { '/a': 'x' } })).toEqual([
      'POSTERN_PROVIDER_CLIENT_SECRETS_FILE: `provider.clientSecrets[1]`: The secret file /b cannot be read. -> check the path and who may read the file',
      'POSTERN_SESSION_SECRET: `session.secret` is shorter than 32 bytes, so it could be guessed. -> make one with `openssl rand -base64 32`',
    ]);
  });
});

test.each([
  ['2026-01-01', NOW],
  ['2026-01-01T00:00Z', NOW],
  ['2026-01-01T01:00:00+01:00', NOW],
  ['2028-02-29', Date.UTC(2028, 1, 29) / 1000],
])('%s is an instant', (text, seconds) => {
  expect(parseInstant(text)).toBe(seconds);
});

test.each([
  '',
  '2026',
  '2026-1-1',
  '2026-02-30',
  '2027-02-29',
  '2026-13-01',
  '01.01.2026',
  '2026-01-01T25:00Z',
  '2026-01-01T12:00',
  '2026-01-01 12:00Z',
])('%j is none', (text) => {
  expect(parseInstant(text)).toBeUndefined();
});
