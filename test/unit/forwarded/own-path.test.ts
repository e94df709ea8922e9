import { expect, test } from '@jest/globals';
import { canonicalPath } from '../../../src/forwarded/canonical-path.ts';
import { type OwnPage, ownPage } from '../../../src/forwarded/own-path.ts';

const pageOf = (path: string, base: readonly string[]): OwnPage | 'ambiguous' | undefined => {
  const canonical = canonicalPath(path);
  return canonical === undefined ? 'ambiguous' : ownPage(canonical, base);
};

test.each<[path: string, page: OwnPage | 'ambiguous' | undefined]>([
  ['/_auth', 'account'],
  ['/_auth/', 'account'],
  ['/_auth/login', 'login'],
  ['/_auth/login/', 'login'],
  ['/_auth/callback', 'callback'],
  ['/_auth/logout', 'logout'],
  ['/_auth/logged-out', 'logged-out'],
  ['/_auth/error', 'error'],
  ['/_auth/me', 'me'],
  ['/_auth/jwks.json', 'jwks'],
  ['/_auth/backchannel-logout', 'backchannel-logout'],
  ['/_auth/x', 'unknown'],
  ['/_auth/login/x', 'unknown'],
  ['/_auth/LOGIN', 'unknown'],
  ['/_auth/loginEVIL', 'unknown'],
  ['/_auth/constructor', 'unknown'],
  // every spelling of the same segments
  ['/%5Fauth/login', 'login'],
  ['/%5fauth/%6Cogin', 'login'],
  ['/_%61uth', 'account'],
  ['/_auth/jwks%2ejson', 'jwks'],
  // whole segments, from the start
  ['/', undefined],
  ['/_authEVIL', undefined],
  ['/_authEVIL/login', undefined],
  ['/_auth.', undefined],
  ['/_auth%20', undefined],
  ['/_AUTH/login', undefined],
  ['/x/_auth/login', undefined],
  ['/login', undefined],
  ['/healthz', undefined],
  ['/verify', undefined],
  // no spelling reaches past it, or into it
  ['/_auth/../admin', 'ambiguous'],
  ['/_auth/%2e%2e/admin', 'ambiguous'],
  ['/_auth/..;/admin', 'ambiguous'],
  ['/x/../_auth/login', 'ambiguous'],
  ['//_auth/login', 'ambiguous'],
  ['/_auth%2Flogin', 'ambiguous'],
  ['/_auth\\login', 'ambiguous'],
  ['/_auth//login', 'ambiguous'],
  // RFC 9728
  ['/.well-known/oauth-protected-resource', 'resource-metadata'],
  ['/.well-known/oauth-protected-resource/', 'resource-metadata'],
  ['/.well-known/oauth-protected-resource/api/v1', 'resource-metadata'],
  ['/%2Ewell-known/oauth%2dprotected-resource', 'resource-metadata'],
  ['/.well-known/oauth-protected-resourceEVIL', undefined],
  ['/.well-known/openid-configuration', undefined],
  ['/.well-known', undefined],
])('%s is %s', (path, page) => expect(pageOf(path, ['_auth'])).toBe(page));

test.each<[path: string, page: OwnPage | undefined]>([
  ['/gate/auth', 'account'],
  ['/gate/auth/login', 'login'],
  ['/gate/auth/x', 'unknown'],
  ['/gate', undefined],
  ['/gate/login', undefined],
  ['/gate/authEVIL/login', undefined],
  ['/_auth/login', undefined],
])('with the base path /gate/auth, %s is %s', (path, page) => {
  expect(pageOf(path, ['gate', 'auth'])).toBe(page);
});
