import { describe, expect, test } from '@jest/globals';
import { parseTenantsFile } from '../../../src/config/tenants-file.ts';
import { configOf, configOfFile, LEAST, problemsOfFile, SECRET, withLines } from './_load.ts';

const HOSTS = 'tenants: { list: [acme, globex] }';
const PATHS = 'tenants: { in: path, list: [acme] }';
const withProvider = (more: string, ...lines: readonly string[]): string =>
  [
    `provider: { issuer: "https://id.example.com/", clientId: shop, ${more} }`,
    `session: { secret: "${SECRET}" }`,
    ...lines,
    '',
  ].join('\n');

describe('tenants', () => {
  test.each([
    ['{ list: [acme, globex-2] }', { in: 'host', list: ['acme', 'globex-2'] }],
    ['{ in: path, list: [acme], claim: tenant }', { in: 'path', list: ['acme'], claim: 'tenant' }],
    ['{ form: "[a-z]{1,9}" }', { form: { characters: 'abcdefghijklmnopqrstuvwxyz', least: 1, most: 9 } }],
    ['{ list: [acme], form: "[a-z]{1,9}" }', { list: ['acme'] }],
  ])('%s', (text, expected) => {
    const { config } = configOfFile(withLines(`tenants: ${text}`));
    expect(config.tenants).toMatchObject(expected);
  });

  test('are a list in a variable', () => {
    const env = { ...LEAST, POSTERN_TENANTS_LIST: 'acme, globex', POSTERN_TENANTS_IN: 'path' };
    expect(configOf({ env }).config.tenants).toMatchObject({ in: 'path', list: ['acme', 'globex'] });
  });

  test.each([
    ['in the configuration', 'tenants: { list: { file: tenants.txt } }', {}, '/app/tenants.txt'],
    ['in a variable', '', { POSTERN_TENANTS_LIST_FILE: 'tenants.txt' }, '/app/tenants.txt'],
  ])('are a file %s', (_, line, env, file) => {
    const files = { '/app/postern.yaml': withLines(line), [file]: 'acme\n' };
    expect(configOf({ env, files }).config.tenants).toMatchObject({ list: ['acme'], file });
  });

  test.each([
    ['{ in: host }', '3:1: `tenants` does not say which tenants there are.'],
    ['{ list: [] }', '3:18: `tenants.list` must be a list of tenants'],
    ['{ list: acme }', '3:18: `tenants.list` must be a list of tenants, or { file: path }.'],
    ['{ list: [ACME] }', '3:19: `tenants.list[0]` is not lower-case'],
    ['{ list: [acme, a.evil] }', '3:25: `tenants.list[1]` is no tenant.'],
    ['{ list: ["%2e"] }', '3:19: `tenants.list[0]` is no tenant.'],
    ['{ list: [""] }', '3:19: `tenants.list[0]` is no tenant.'],
    ['{ list: [acme, acme] }', '3:25: `tenants.list[1]` is named before.'],
    ['{ list: [acme1], form: "[a-z]{1,9}" }', '3:19: `tenants.list[0]` is not of the form'],
    ['{ form: ".*" }', '3:18: `tenants.form` must be one class'],
    ['{ form: "[a-z]+" }', '3:18: `tenants.form` must be one class'],
    ['{ list: { file: gone.txt } }', '3:26: `tenants.list`: the file /app/gone.txt cannot be read.'],
    ['{ in: header, list: [acme] }', '3:16: `tenants.in` cannot be `header`.'],
  ])('%s is refused', (text, problem) => {
    const problems = problemsOfFile(withLines(`tenants: ${text}`));
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });

  test.each([
    ['list: [auth]', '`auth` cannot be a tenant'],
    ['form: "[a-z]{1,9}"', '`auth` cannot be a tenant'],
  ])('in the path are never the base path: %s', (who, problem) => {
    expect(problemsOfFile(withLines(`tenants: { in: path, ${who} }`, 'basePath: /auth'))).toEqual([
      expect.stringContaining(problem),
    ]);
  });
});

describe('a file of tenants', () => {
  test.each([
    ['acme\nglobex\n', ['acme', 'globex']],
    ['# ours\r\nacme # first\r\n\r\n007\r\n', ['acme', '007']],
    ['- acme\n- "globex"\n', ['acme', 'globex']],
    ['---\n  - acme\n', ['acme']],
    ['[acme, globex]\n', ['acme', 'globex']],
    ['\uFEFFacme\nacme', ['acme']],
  ])('%j', (text, tenants) => {
    expect(parseTenantsFile(text, undefined)).toEqual({ tenants });
  });

  test.each([
    ['', 'names no tenant'],
    ['# nothing\n', 'names no tenant'],
    ['acme\nACME\n', 'has a line 2 that is not lower-case'],
    ['acme globex\n', 'has a line 1 that is no tenant'],
    ['a: b\n', 'has a line 1 that is no tenant'],
    ['-----BEGIN PRIVATE KEY-----\n', 'has a line 1 that is no tenant'],
  ])('%j is refused, and not quoted', (text, fault) => {
    const read = parseTenantsFile(text, undefined);
    expect('fault' in read && read.fault[0]).toContain(fault);
  });
});

describe('a template of the redirect URI', () => {
  test.each([
    ['https://{tenant}.example.com/_auth/callback', HOSTS],
    ['https://{tenant}.example.com:8443/_auth/callback', HOSTS],
    ['http://{tenant}.shop.localhost:8080/_auth/callback', HOSTS],
    ['https://app.example.com/{tenant}/_auth/callback', PATHS],
    ['https://app.example.com/_auth/callback', PATHS],
    ['https://app.example.com/_auth/callback', HOSTS],
    ['https://app.example.com/_auth/callback', ''],
    ['https://login.example.com/_auth/callback', 'loginUrl: https://login.example.com'],
  ])('%s with %s', (template, line) => {
    const { config } = configOfFile(withProvider(`redirectUri: "${template}"`, line));
    expect([...config.providers.values()][0]?.redirectUri).toBe(template);
  });

  const MAY = 'may hold `{tenant}` as its whole first label or its whole first path segment only';
  test.each([
    ['http://{tenant}.example.com/_auth/callback', HOSTS, 'is http'],
    ['{tenant}.example.com/_auth/callback', HOSTS, 'must be a URL'],
    ['https://{tenant}.example.com/_auth/callback', '', 'no tenants are configured'],
    ['https://{tenant}.example.com/_auth/callback', PATHS, 'has the tenant in its host'],
    ['https://app.example.com/{tenant}/_auth/callback', HOSTS, 'has the tenant in its path'],
    ['https://{tenant}.example.com/callback', HOSTS, MAY],
    ['https://{tenant}.example.com/_auth/callback/', HOSTS, MAY],
    ['https://{tenant}.example.com/_auth/callback?x=1', HOSTS, 'must not have a query'],
    ['https://app-{tenant}.example.com/_auth/callback', HOSTS, MAY],
    ['https://{tenant}app.example.com/_auth/callback', HOSTS, MAY],
    ['https://a.{tenant}.example.com/_auth/callback', HOSTS, MAY],
    ['https://{tenant}/_auth/callback', HOSTS, MAY],
    ['https://{tenant}.example.com/{tenant}/_auth/callback', HOSTS, MAY],
    ['https://app.example.com/x{tenant}/_auth/callback', PATHS, MAY],
    ['https://app.example.com/x/{tenant}/_auth/callback', PATHS, MAY],
    ['https://app.example.com/{tenant}/{tenant}/_auth/callback', PATHS, MAY],
    ['https://app.example.com/_auth/{tenant}/callback', PATHS, MAY],
    ['https://app.example.com/_auth/callback/{tenant}', PATHS, MAY],
    ['https://u:p@{tenant}.example.com/_auth/callback', HOSTS, 'must not hold a user name'],
    ['https://APP.example.com/_auth/callback', PATHS, 'is not spelled as browsers spell it'],
    ['https://app.example.com/x/_auth/callback', PATHS, 'must end with /_auth/callback'],
    [
      'https://app.example.com/_auth/callback',
      `${PATHS}\nloginUrl: https://login.example.com`,
      'is not at `loginUrl`',
    ],
    [
      'https://{tenant}.example.com/_auth/callback',
      `${HOSTS}\nloginUrl: https://login.example.com`,
      'has a tenant, and `loginUrl`',
    ],
  ])('%s with %s is refused', (template, line, problem) => {
    expect(problemsOfFile(withProvider(`redirectUri: "${template}"`, line))).toEqual([
      expect.stringContaining(problem),
    ]);
  });
});

describe('a template of the issuer', () => {
  const withIssuer = (issuer: string, line: string): string =>
    `provider: { issuer: "${issuer}", clientId: shop }\nsession: { secret: "${SECRET}" }\n${line}\n`;
  test.each([
    'https://login.microsoftonline.com/{tenant}/v2.0',
    'https://{tenant}.id.example.com/',
    'https://id.example.com/realms/{tenant}',
  ])('%s', (issuer) => {
    const { config } = configOfFile(withIssuer(issuer, HOSTS));
    expect([...config.providers.values()][0]?.issuer).toBe(issuer);
  });
  test.each([
    ['https://id.example.com/{tenant}', '', 'no tenants are configured'],
    [
      'https://id.example.com/{tenant}',
      'tenants: { form: "[a-z]{1,9}" }',
      '`tenants.form` alone would let anybody choose',
    ],
    ['https://id.example.com/x{tenant}', HOSTS, 'may hold `{tenant}` once'],
    ['https://x{tenant}.example.com/', HOSTS, 'may hold `{tenant}` once'],
    ['https://{tenant}.example.com/{tenant}', HOSTS, 'may hold `{tenant}` once'],
  ])('%s with %s is refused', (issuer, line, problem) => {
    expect(problemsOfFile(withIssuer(issuer, line))).toEqual([expect.stringContaining(problem)]);
  });
});

describe('a template of acr_values', () => {
  test.each(['tenant:{tenant}', 'idp:google tenant:{tenant}', 'urn:mfa'])('%s', (text) => {
    const { config } = configOfFile(withProvider(`acrValues: "${text}"`, HOSTS));
    expect([...config.providers.values()][0]?.acrValues).toBe(text);
  });
  test.each([
    ['tenant:{tenant}', '', 'no tenants are configured'],
    ['a  b', HOSTS, 'one blank between them'],
    ['a\\"b', HOSTS, 'one blank between them'],
  ])('%s with %s is refused', (text, line, problem) => {
    expect(problemsOfFile(withProvider(`acrValues: "${text}"`, line))).toEqual([
      expect.stringContaining(problem),
    ]);
  });
});
