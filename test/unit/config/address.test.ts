import { expect, test } from '@jest/globals';
import {
  addressesClash,
  isLoopbackAddress,
  isProxyRange,
  parseAddress,
} from '../../../src/config/address.ts';

test.each([
  ['127.0.0.1:4180', '127.0.0.1', 4180, true],
  ['127.9.9.9:1', '127.9.9.9', 1, true],
  ['localhost:0', 'localhost', 0, true],
  ['LOCALHOST:1', 'LOCALHOST', 1, true],
  ['[::1]:4180', '::1', 4180, true],
  [':4180', '', 4180, false],
  ['0.0.0.0:4180', '0.0.0.0', 4180, false],
  ['[::]:65535', '::', 65_535, false],
  ['10.0.0.1:80', '10.0.0.1', 80, false],
  ['gate.internal:80', 'gate.internal', 80, false],
  ['127.0.0.1.example.com:80', '127.0.0.1.example.com', 80, false],
])('%s', (text, host, port, loopback) => {
  const address = parseAddress(text);
  expect(address).toEqual({ host, port });
  expect(address && isLoopbackAddress(address)).toBe(loopback);
});

test.each([
  '',
  '4180',
  '127.0.0.1',
  '127.0.0.1:',
  ':65536',
  '::1:80',
  '[::1]',
  '[::g]:1',
  '[127.0.0.1]:1',
  '127.0.0.256:1',
  '1.2.3:1',
  'a b:1',
  'http://a:1',
  ':-1',
  ':1\n',
  '-a:1',
])('%j is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test.each([
  [':4180', ':4180', true],
  ['127.0.0.1:4180', '127.0.0.1:4180', true],
  ['127.0.0.1:4180', ':4180', true],
  ['0.0.0.0:4180', 'localhost:4180', true],
  ['127.0.0.1:4180', '127.0.0.2:4180', false],
  ['127.0.0.1:4180', '127.0.0.1:4181', false],
  [':0', ':0', false],
])('%s and %s clash: %p', (one, other, clash) => {
  const [a, b] = [parseAddress(one), parseAddress(other)];
  if (a === undefined || b === undefined) throw new Error('no address');
  expect(addressesClash(a, b)).toBe(clash);
});

test.each([
  ['loopback', true],
  ['private', true],
  ['10.0.0.1', true],
  ['10.0.0.0/8', true],
  ['0.0.0.0/0', true],
  ['::1', true],
  ['fd00::/8', true],
  ['fd00::/128', true],
  ['Private', false],
  ['10.0.0.0/33', false],
  ['fd00::/129', false],
  ['10.0.0.0/', false],
  ['10.0.0.0/8/8', false],
  ['10.0.0.0/-1', false],
  ['10.0.0', false],
  ['010.0.0.1', false],
  ['fe80::1%eth0', false],
  ['[::1]', false],
  ['traefik', false],
  ['10.0.0.1:80', false],
  ['', false],
])('the proxy %j is understood: %p', (text, good) => {
  expect(isProxyRange(text)).toBe(good);
});
