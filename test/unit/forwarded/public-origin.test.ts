import { expect, test } from '@jest/globals';
import { parseHost } from '../../../src/forwarded/host.ts';
import { type PublicAddress, type PublicOrigin, publicOrigin } from '../../../src/forwarded/public-origin.ts';

const NONE = undefined;
const ALT = { scheme: 'https', port: 8443 } as const;
const PLAIN = { scheme: 'http', port: 80 } as const;
const USUAL = { scheme: 'https', port: 443 } as const;
const https = (origin: string, foreign = false): PublicOrigin => ({ scheme: 'https', origin, foreign });
const http = (origin: string, foreign = false): PublicOrigin => ({ scheme: 'http', origin, foreign });

test.each<[host: string, configured: PublicAddress | undefined, expected: PublicOrigin]>([
  ['shop.example.com', NONE, https('https://shop.example.com')],
  ['SHOP.example.com', NONE, https('https://shop.example.com')],
  ['shop.example.com:443', NONE, https('https://shop.example.com')],
  ['shop.example.com:80', NONE, https('https://shop.example.com', true)],
  ['shop.example.com:444', NONE, https('https://shop.example.com', true)],
  ['shop.example.com.', NONE, https('https://shop.example.com', true)],
  ['shop.example.com.:443', NONE, https('https://shop.example.com', true)],
  ['10.0.0.1', NONE, https('https://10.0.0.1')],
  ['[2001:db8::1]', NONE, https('https://[2001:db8::1]')],
  // loopback names: http, on whatever port
  ['localhost', NONE, http('http://localhost')],
  ['localhost:80', NONE, http('http://localhost')],
  ['localhost:443', NONE, http('http://localhost:443')],
  ['shop.localhost:8080', NONE, http('http://shop.localhost:8080')],
  ['shop.localhost.:8080', NONE, http('http://shop.localhost:8080', true)],
  ['127.0.0.1:3000', NONE, http('http://127.0.0.1:3000')],
  ['[::1]:3000', NONE, http('http://[::1]:3000')],
  // configuration wins
  ['shop.example.com', USUAL, https('https://shop.example.com')],
  ['shop.example.com:8443', ALT, https('https://shop.example.com:8443')],
  ['shop.example.com', ALT, https('https://shop.example.com:8443')],
  ['shop.example.com:443', ALT, https('https://shop.example.com:8443', true)],
  ['shop.example.com:8080', ALT, https('https://shop.example.com:8443', true)],
  ['shop.example.com', PLAIN, http('http://shop.example.com')],
  ['shop.example.com:80', PLAIN, http('http://shop.example.com')],
  ['shop.example.com:443', PLAIN, http('http://shop.example.com', true)],
  ['shop.example.com', { scheme: 'http', port: 443 }, http('http://shop.example.com:443')],
  ['shop.example.com', { scheme: 'https', port: 80 }, https('https://shop.example.com:80')],
])('%s with %j', (text, configured, expected) => {
  const host = parseHost(text);
  expect(host && publicOrigin(host, configured)).toEqual(expected);
});

test.each(['shop.example.com', 'shop.localhost:8080', '[::1]:81', 'a.de:443'])(
  'the origin of %s is what a browser serialises',
  (text) => {
    const host = parseHost(text);
    const origin = host && publicOrigin(host, undefined).origin;
    expect(new URL(`${origin}/x`).origin).toBe(origin);
  },
);
