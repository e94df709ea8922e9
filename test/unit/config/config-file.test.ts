import { expect, test } from '@jest/globals';
import { configOf, problemsOf, withLines } from './_load.ts';

const POSTERN = { '/app/postern.yaml': withLines('basePath: /here') };
const ETC = { '/etc/postern/postern.yaml': withLines('basePath: /etc') };
const OTHER = { '/app/conf/other.yaml': withLines('basePath: /other', 'rules: ../policies') };

test.each<
  [string, string | undefined, Record<string, string>, Record<string, string>, string, string, string]
>([
  [
    '--config first',
    'conf/other.yaml',
    { POSTERN_CONFIG: '/nowhere' },
    { ...POSTERN, ...OTHER },
    'conf/other.yaml',
    '/other',
    '/app/policies',
  ],
  [
    'POSTERN_CONFIG next',
    undefined,
    { POSTERN_CONFIG: '/app/conf/other.yaml' },
    { ...POSTERN, ...OTHER },
    '/app/conf/other.yaml',
    '/other',
    '/app/policies',
  ],
  [
    'then the working directory',
    undefined,
    {},
    { ...POSTERN, ...ETC },
    '/app/postern.yaml',
    '/here',
    '/app/rules',
  ],
  ['then /etc', undefined, {}, ETC, '/etc/postern/postern.yaml', '/etc', '/etc/postern/rules'],
  [
    'POSTERN_RULES from the working directory',
    undefined,
    { POSTERN_RULES: 'r' },
    ETC,
    '/etc/postern/postern.yaml',
    '/etc',
    '/app/r',
  ],
])('%s', (_, path, env, files, file, basePath, rules) => {
  const { config, sources } = configOf({ env, files, ...(path === undefined ? {} : { path }) });
  expect({ file: sources.file, basePath: config.basePath, rules: config.rules }).toEqual({
    file,
    basePath,
    rules,
  });
});

test.each<[string, string | undefined, Record<string, string>, string]>([
  [
    '--config names no file',
    'x.yaml',
    {},
    'x.yaml: The configuration file that --config names cannot be read. -> check the path and who may read the file',
  ],
  [
    'POSTERN_CONFIG names no file',
    undefined,
    { POSTERN_CONFIG: '/x.yaml' },
    '/x.yaml: The configuration file that POSTERN_CONFIG names cannot be read. -> check the path and who may read the file',
  ],
  ['--config is empty', '', {}, '--config: --config is set but empty. -> name a file, or leave it out'],
  [
    'POSTERN_CONFIG is empty',
    undefined,
    { POSTERN_CONFIG: '' },
    'POSTERN_CONFIG: POSTERN_CONFIG is set but empty. -> name a file, or leave it out',
  ],
])('%s: the usual places are not tried', (_, path, env, problem) => {
  expect(problemsOf({ env, files: POSTERN, ...(path === undefined ? {} : { path }) })).toEqual([problem]);
});

test('nothing at all says what to set', () => {
  expect(problemsOf({})).toEqual([
    'environment: No provider is configured. -> set `provider.issuer` and `provider.clientId`, or POSTERN_PROVIDER_ISSUER and POSTERN_PROVIDER_CLIENT_ID',
    'environment: No session secret is configured. -> set `session.secret`, POSTERN_SESSION_SECRET or POSTERN_SESSION_SECRET_FILE; make one with `openssl rand -base64 32`',
  ]);
});

test('a file that is no YAML is not also blamed for what is missing', () => {
  const problems = problemsOf({
    env: { POSTERN_LOGLEVEL: 'x' },
    files: { '/app/postern.yaml': 'listen: [\n' },
  });
  expect(problems).toHaveLength(2);
  expect(problems[0]).toMatch(/^\/app\/postern\.yaml:/);
  expect(problems[1]).toMatch(/^POSTERN_LOGLEVEL: .*did you mean `POSTERN_LOG_LEVEL`/);
});

test('an empty file is a file', () => {
  const env = {
    POSTERN_PROVIDER_ISSUER: 'https://a.example.com',
    POSTERN_PROVIDER_CLIENT_ID: 'a',
    POSTERN_SESSION_SECRET: 's'.repeat(32),
  };
  expect(configOf({ env, files: { '/app/postern.yaml': '# later\n' } }).sources.file).toBe(
    '/app/postern.yaml',
  );
});
