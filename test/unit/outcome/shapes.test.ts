import { describe, expect, test } from '@jest/globals';
import type { HeaderLine, Reply } from '../../../src/outcome/reply.ts';
import { shapeEnvoy } from '../../../src/outcome/shape-envoy.ts';
import { shapeNginx } from '../../../src/outcome/shape-nginx.ts';

const reply = (status: number, headers: readonly HeaderLine[] = []): Reply => ({
  status,
  reason: 'permitted',
  headers,
});

describe('for nginx', () => {
  test.each([
    [302, 401],
    [303, 401],
    [400, 403],
    [401, 401],
    [403, 403],
    [404, 403],
    [421, 403],
    [431, 403],
    [500, 500],
    [503, 503],
  ])('%i is said as %i, with the reason', (status, said) => {
    const shaped = shapeNginx(reply(status));
    expect(shaped.status).toBe(said);
    expect(shaped.headers).toEqual([['X-Auth-Reason', 'permitted']]);
  });

  test('a redirect is a header, cookies stay', () => {
    expect(
      shapeNginx(
        reply(302, [
          ['Location', 'https://op/?a=1&b=2'],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
        ]),
      ).headers,
    ).toEqual([
      ['X-Auth-Redirect', 'https://op/?a=1&b=2'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['X-Auth-Reason', 'permitted'],
    ]);
  });

  test('a permit names what is absent, empty', () => {
    expect(shapeNginx(reply(200, [['Cookie', 'a=1']])).headers).toEqual([
      ['Cookie', 'a=1'],
      ['Authorization', ''],
    ]);
    expect(shapeNginx(reply(200)).headers).toEqual([
      ['Authorization', ''],
      ['Cookie', ''],
    ]);
  });
});

describe('for Envoy', () => {
  test('a permit says what is to be removed', () => {
    expect(shapeEnvoy(reply(200)).headers).toEqual([
      ['x-envoy-auth-headers-to-remove', 'authorization,cookie'],
    ]);
    expect(shapeEnvoy(reply(200, [['Cookie', 'a=1']])).headers.at(-1)).toEqual([
      'x-envoy-auth-headers-to-remove',
      'authorization',
    ]);
    const whole = reply(200, [
      ['Cookie', 'a=1'],
      ['Authorization', 'Bearer x'],
    ]);
    expect(shapeEnvoy(whole)).toBe(whole);
  });

  test('a refusal stays as it is', () => {
    const refusal = reply(302, [['Location', 'https://op/']]);
    expect(shapeEnvoy(refusal)).toBe(refusal);
  });
});
