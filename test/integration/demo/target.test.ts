import { expect, test } from '@jest/globals';
import { cleanTarget } from '../../../demo/target.ts';

// Measured with Traefik 3.7.9, default settings: what was sent, what the check and the upstream saw.
test.each([
  ['/x/../admin', '/admin'],
  ['/x/%2e%2e/admin', '/admin'],
  ['/./admin', '/admin'],
  ['//admin', '/admin'],
  ['/../admin', '/admin'],
  ['/admin/.', '/admin'],
  ['/admin/./', '/admin/'],
  ['/x/..', '/'],
  ['/%61dmin', '/admin'],
  ['/%7ex', '/~x'],
  ['/a%2eb', '/a.b'],
  ['/x%2f..%2fadmin', '/x%2F..%2Fadmin'],
  ['/%252e%252e', '/%252e%252e'],
  ['/%2561dmin', '/%2561dmin'],
  ['/x\\..\\admin', '/x%5C..%5Cadmin'],
  ['/x%5cadmin', '/x%5Cadmin'],
  ['/x/..;/admin', '/x/..;/admin'],
  ['/admin%00', '/admin%00'],
  ['/%ff%c0%ae', '/%FF%C0%AE'],
  ['/\u00c3\u00a9', '/%C3%A9'],
  ['/"<>{}^|`', '/%22%3C%3E%7B%7D%5E%7C%60'],
  ["/[]!$&'()*,=:@+", "/[]!$&'()*,=:@+"],
  ['/a?', '/a?'],
  ['/a?x=1;y="%zz', '/a?x=1&y="%zz'],
])('%s becomes %s', (sent, seen) => {
  const target = cleanTarget(sent);
  expect(target && target.path + target.query).toBe(seen);
});

test.each(['/a#frag', '/%', '/%zz', 'admin', '*', 'http://evil.test/'])('%s is refused', (sent) => {
  expect(cleanTarget(sent)).toBeUndefined();
});
