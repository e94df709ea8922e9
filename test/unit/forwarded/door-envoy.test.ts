import { expect, test } from '@jest/globals';
import { readEnvoy } from '../../../src/forwarded/door-envoy.ts';

const PREFIX = '/verify/envoy';

/** As Envoy's documentation has it: the client's method, `path_prefix` and its path, the client's Host. */
test.each([
  [
    'GET',
    `${PREFIX}/a/b?x=1`,
    ['Host', 'app.example:8443'],
    { method: 'GET', host: { name: 'app.example', port: 8443 }, target: '/a/b?x=1' },
  ],
  [
    'DELETE',
    `${PREFIX}/`,
    ['host', 'App.Example'],
    { method: 'DELETE', host: { name: 'app.example' }, target: '/' },
  ],
  ['GET', `${PREFIX}/verify/envoy/x`, ['Host', 'a'], { target: '/verify/envoy/x' }],
])('%s %s', (method, url, lines, expected) => {
  expect(readEnvoy(method, url, lines, PREFIX)).toMatchObject(expected);
});

test.each([
  ['GET', PREFIX, ['Host', 'a'], 'forwarded-header-missing'],
  ['GET', `${PREFIX}/a`, [], 'forwarded-header-missing'],
  ['GET', `${PREFIX}/a`, ['Host', 'a', 'Host', 'b'], 'forwarded-header-repeated'],
  ['GET', `${PREFIX}//a`, ['Host', 'a'], 'target-malformed'],
  ['GET', `${PREFIX}?a`, ['Host', 'a'], 'target-malformed'],
  ['GET', `${PREFIX}/a`, ['Host', 'a b'], 'host-malformed'],
])('%s %s with %j is %s', (method, url, lines, reason) => {
  expect(readEnvoy(method, url, lines, PREFIX)).toBe(reason);
});

test('X-Forwarded-* and the headers of other proxies mean nothing', () => {
  const lines = [
    'Host',
    'a',
    'X-Forwarded-Host',
    'evil',
    'X-Forwarded-Uri',
    '/public',
    'X-Original-URL',
    'https://evil/',
  ];
  expect(readEnvoy('GET', `${PREFIX}/b`, lines, PREFIX)).toMatchObject({ host: { name: 'a' }, target: '/b' });
});
