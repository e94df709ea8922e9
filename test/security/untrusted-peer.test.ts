import { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTrustedPeers } from '../../src/http/trusted-peers.ts';
import { startTestWorld, type World } from '../support/world.ts';

// Who may ask (CVE-2026-40575, RFC 9700 4.13): only the configured proxies, by the address of the connection and by nothing
// that a header says. IPv4-mapped IPv6, zones and odd ranges must not widen it.

let world: World;
beforeAll(async () => {
  world = await startTestWorld({
    rules: { 'shop.yaml': 'app: shop\nhosts: [shop.localhost]\nrules: { "/**": public }\n' },
    env: { POSTERN_TRUSTED_PROXIES: '10.9.8.7' },
    provider: {},
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test.each(['/verify', '/healthz', '/readyz', '/', '/_auth/me', '/verify/nginx'])(
  'a stranger gets 403 at %s, whatever he claims',
  async (path) => {
    const forwarded = [
      'X-Forwarded-Method',
      'GET',
      'X-Forwarded-Proto',
      'http',
      'X-Forwarded-Host',
      'shop.localhost',
      'X-Forwarded-Uri',
      '/',
    ];
    for (const more of [
      [],
      ['X-Forwarded-For', '10.9.8.7'],
      ['X-Real-IP', '10.9.8.7'],
      ['Forwarded', 'for=10.9.8.7'],
      ['True-Client-IP', '10.9.8.7'],
    ]) {
      const answer = await world.send('listen', path, [...forwarded, ...more]);
      expect([answer.status, answer.reason]).toEqual([403, 'untrusted-peer']);
      expect(answer.body).not.toContain('127.0.0.1');
    }
  },
);

const from = (address: string | undefined): Socket =>
  Object.defineProperty(new Socket(), 'remoteAddress', { value: address });
test.each<[readonly string[], string | undefined, boolean]>([
  [['loopback'], '127.0.0.1', true],
  [['loopback'], '127.255.255.254', true],
  [['loopback'], '::ffff:127.0.0.1', true],
  [['loopback'], '::1', true],
  [['loopback'], '128.0.0.1', false],
  [['loopback'], '::2', false],
  [['loopback'], '::', false],
  [['loopback'], '0.0.0.0', false],
  [['loopback'], '::127.0.0.1', false],
  [['loopback'], '64:ff9b::127.0.0.1', false],
  [['loopback'], '10.0.0.1', false],
  [['loopback'], undefined, false],
  [['loopback'], '', false],
  [['loopback'], 'localhost', false],
  [['private'], '10.255.0.1', true],
  [['private'], '::ffff:10.255.0.1', true],
  [['private'], '172.32.0.1', false],
  [['private'], '172.31.255.255', true],
  [['private'], '192.169.0.1', false],
  [['private'], '169.254.169.254', false],
  [['private'], '100.64.0.1', false],
  [['private'], 'fd00::1', true],
  [['private'], 'fe80::1', false],
  [['private'], '::ffff:8.8.8.8', false],
  [['10.0.0.0/8'], '::ffff:11.0.0.1', false],
  [['10.1.2.3'], '::ffff:10.1.2.3', true],
  [['10.1.2.3'], '10.1.2.30', false],
  [['10.1.2.0/31'], '10.1.2.2', false],
  [['fd00::/8'], '10.0.0.1', false],
  [['fd00::/8'], '::ffff:10.0.0.1', false],
  [['::1'], '127.0.0.1', false],
  [[], '127.0.0.1', false],
])('%j, a peer at %s: %s', (entries, address, expected) => {
  expect(createTrustedPeers(entries)(from(address))).toBe(expected);
});
