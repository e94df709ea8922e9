import { describe, expect, test } from '@jest/globals';
import { readDirect } from '../../../src/forwarded/door-direct.ts';
import type { ForwardedRequest } from '../../../src/forwarded/forwarded-request.ts';
import { headersOf } from '../../support/requests.ts';

const read = (method: string, target: string, ...lines: string[]): ForwardedRequest | string =>
  readDirect(method, target, lines);
const told = (result: ForwardedRequest | string): string =>
  typeof result === 'string'
    ? result
    : `${result.method} ${result.host.name}:${result.host.port} ${result.target} ${JSON.stringify(result.path ?? null)}`;
const HOST = ['Host', 'shop.example.com'] as const;

test('the host comes from Host, the rest from the request line', () => {
  expect(read('GET', '/_auth/login?rd=/x', ...HOST, 'Cookie', 'a=b')).toEqual({
    method: 'GET',
    host: { name: 'shop.example.com', port: undefined, finalDot: false },
    target: '/_auth/login?rd=/x',
    path: ['_auth', 'login'],
    headers: headersOf({ cookie: ['a=b'] }),
  });
});

describe('the host', () => {
  test.each<[what: string, lines: string[], expected: string]>([
    ['in any case, with a port', ['HOST', 'SHOP.example.com:8443'], 'GET shop.example.com:8443 / []'],
    ['absent', [], 'host-malformed'],
    ['empty', ['Host', ''], 'host-malformed'],
    ['twice', [...HOST, ...HOST], 'host-malformed'],
    ['twice, another one', [...HOST, 'host', 'evil.example'], 'host-malformed'],
    ['a list', ['Host', 'shop.example.com,evil.example'], 'host-malformed'],
    ['with userinfo', ['Host', 'u@shop.example.com'], 'host-malformed'],
    ['only as a value', ['X-A', 'host', 'X-B', 'shop.example.com'], 'host-malformed'],
    ['only forwarded', ['X-Forwarded-Host', 'shop.example.com'], 'host-malformed'],
  ])('%s', (_what, lines, expected) => expect(told(read('GET', '/', ...lines))).toBe(expected));
});

test.each<[method: string, target: string, expected: string]>([
  ['HEAD', '/_auth/', 'HEAD shop.example.com:undefined /_auth/ ["_auth"]'],
  ['POST', '/_auth/logout', 'POST shop.example.com:undefined /_auth/logout ["_auth","logout"]'],
  ['GET', '/_auth/%2e%2e', 'GET shop.example.com:undefined /_auth/%2e%2e null'],
  ['GET', '//evil.example/', 'target-malformed'],
  ['GET', 'http://evil.example/', 'target-malformed'],
  ['OPTIONS', '*', 'target-malformed'],
  ['G T', '/', 'method-malformed'],
  ['', '/', 'method-malformed'],
])('%s %s', (method, target, expected) => expect(told(read(method, target, ...HOST))).toBe(expected));

test('X-Forwarded-* mean nothing here', () => {
  const forwarded = [
    'X-Forwarded-Host',
    'evil.example',
    'X-Forwarded-Uri',
    '/public',
    'X-Forwarded-Method',
    'PUT',
  ];
  const twice = [...forwarded, ...forwarded];
  expect(read('GET', '/_auth/me', ...twice, ...HOST)).toEqual(read('GET', '/_auth/me', ...HOST));
});
