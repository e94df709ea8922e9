import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { renderJsonSchema, renderReference } from '../../../src/config/reference.ts';
import { configOf, configOfFile, SECRET } from './_load.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test.each([
  ['docs/configuration.md', renderReference],
  ['schema/postern.json', renderJsonSchema],
])('%s is what the schema says; else run `npm run docs`', (path, render) => {
  expect(read(path)).toBe(render());
});

test('postern.example.yaml loads', () => {
  const { config, secrets } = configOfFile(read('postern.example.yaml'), {
    COOKIE_SECRET: SECRET,
    OIDC_CLIENT_SECRET: 'from the provider',
  });
  expect(config.providers.get('default')).toMatchObject({
    clientId: 'shop',
    clientAuth: 'client_secret_basic',
  });
  expect(secrets.session).toEqual([SECRET]);
});

test('what the example shows behind a # loads too', () => {
  const text = read('postern.example.yaml')
    .replace(/^# (basePath|public):/gm, '$1:')
    .replace(/^ {2}# (tokens:|clientSecrets:)/gm, '  $1')
    .replace(/^ {2}# {3}(profile|scopeClaim):/gm, '    $1:')
    .replace(/^ {2}clientSecret: .*$/m, '');
  const { config, secrets } = configOf({
    env: { COOKIE_SECRET: SECRET },
    files: { '/app/postern.yaml': text, '/app/new': 'n', '/app/old': 'o' },
  });
  expect(config.public).toEqual({ scheme: 'https', port: 8443 });
  expect(config.providers.get('default')?.tokens).toMatchObject({ profile: 'jwt', scopeClaim: 'scp' });
  expect(secrets.clients.get('default')).toHaveLength(2);
});
