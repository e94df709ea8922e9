import { describe, expect, test } from '@jest/globals';
import { readNginx } from '../../../src/forwarded/door-nginx.ts';

const lines = (method: string, url: string, ...more: string[]): string[] => [
  'X-Original-Method',
  method,
  'X-Original-URL',
  url,
  ...more,
];

describe('the door for nginx', () => {
  test.each([
    ['http://app.lab.test:9510/a/b?x=1', 'app.lab.test', 9510, '/a/b?x=1'],
    ['https://app.lab.test/', 'app.lab.test', undefined, '/'],
    ['https://APP.lab.test/a?u=http://x/y&z', 'app.lab.test', undefined, '/a?u=http://x/y&z'],
    ['https://[::1]:8/a%2fb', '[::1]', 8, '/a%2fb'],
  ])('%s', (url, name, port, target) => {
    expect(readNginx(lines('POST', url))).toMatchObject({ method: 'POST', host: { name, port }, target });
  });

  test.each([
    [['X-Original-Method', 'GET'], 'forwarded-header-missing'],
    [['X-Original-URL', 'https://a/'], 'forwarded-header-missing'],
    [lines('', 'https://a/'), 'forwarded-header-missing'],
    [lines('GET', ''), 'forwarded-header-missing'],
    [lines('GET', 'https://a/', 'x-original-url', 'https://a/'), 'forwarded-header-repeated'],
    [lines('GET', 'https://a/', 'x-original-method', 'GET'), 'forwarded-header-repeated'],
    [lines('G T', 'https://a/'), 'method-malformed'],
    [lines('GET', 'ftp://a/'), 'proto-malformed'],
    [lines('GET', '/a'), 'proto-malformed'],
    [lines('GET', 'https://u@a/'), 'host-malformed'],
    [lines('GET', 'https://a,b/'), 'host-malformed'],
    [lines('GET', 'https:///a'), 'host-malformed'],
    [lines('GET', 'https://a'), 'target-malformed'],
    [lines('GET', 'https://a//b'), 'target-malformed'],
    [lines('GET', 'https://a?b'), 'target-malformed'],
    [lines('GET', 'https://a/#b'), 'target-malformed'],
  ])('%j is %s', (raw, reason) => {
    expect(readNginx(raw)).toBe(reason);
  });

  test("ignores the other proxies' headers", () => {
    const spoofed = [
      'X-Forwarded-Uri',
      '/public',
      'X-Forwarded-Method',
      'OPTIONS',
      'X-Forwarded-Host',
      'evil',
    ];
    expect(readNginx([...spoofed, ...lines('GET', 'https://a/b'), ...spoofed])).toMatchObject({
      method: 'GET',
      host: { name: 'a' },
      target: '/b',
    });
  });
});
