import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { signJws } from '../support/jws.ts';
import { type Asked, badLines, runRules, type Said } from '../unit/commands/_rules.ts';

let provider: HostileProvider;
beforeAll(async () => {
  provider = await startHostileProvider();
});
beforeEach(() => {
  provider.misbehaviour = {};
});
afterAll(async () => {
  await provider[Symbol.asyncDispose]();
});

/** An access token of the provider. */
function mint(claims: Readonly<Record<string, unknown>> = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const { accessToken } = provider.keys;
  const usual = { iss: provider.issuer, sub: 'carl', aud: 'https://api.shop.example.com', client_id: 'cli' };
  return signJws(
    { alg: 'ES256', typ: 'at+jwt', kid: 'at' },
    { ...usual, scope: 'orders:read', iat: now, exp: now + 300, jti: 'j', ...claims },
    accessToken,
  );
}

/** Explains with the token on the standard input, and makes sure that it is nowhere in what is printed. */
async function explained(words: string, token: string, asked: Asked = {}): Promise<Said> {
  const more = { issuer: provider.issuer, stdin: `${token}\n`, values: { token: '-' } };
  const said = await runRules(['explain', ...words.split(' ')], { ...more, ...asked });
  for (const part of token.split('.').filter((text) => text.length > 8))
    expect(said.out + said.err).not.toContain(part);
  return said;
}
const ORDER = 'https://shop.example.com/api/orders/7';

describe('rules explain --token -', () => {
  test('tells of a valid token, with its own subject, client and scopes', async () => {
    const { code, out, err } = await explained(ORDER, mint());
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(badLines(out)).toEqual([]);
    for (const text of [
      `a valid token of ${provider.issuer}, for https://api.shop.example.com, with`,
      'sub carl, client cli, expires in ',
      'decision  permit (permitted)',
      'X-Auth-Subject     carl\n  X-Auth-Client      cli\n  X-Auth-Scopes      orders:read\n',
      'Authorization      Bearer <access token>\n',
    ])
      expect(out).toContain(text);
  });

  test('takes the whole header value, too', async () => {
    const { out } = await explained(ORDER, `Bearer ${mint()}`);
    expect(out).toContain('decision  permit (permitted)');
  });

  test('decides by what the token holds', async () => {
    const { out } = await explained(`DELETE ${ORDER}`, mint());
    expect(out).toContain('decision  forbidden (scope-missing: orders:admin)');
  });

  test.each<[string, Readonly<Record<string, unknown>>, string, string]>([
    [
      'expired',
      { exp: 1_600_000_000, iat: 1_599_999_000 },
      'token-expired',
      'by exp, the clock tolerance included',
    ],
    [
      'of another issuer',
      { iss: 'https://evil.example' },
      'token-issuer',
      'iss is neither provider.issuer nor',
    ],
    ['of another profile', { client_id: undefined }, 'token-claims', 'the claim client_id is missing'],
    ['of the client itself', { aud: 'shop' }, 'token-audience', 'aud is a client id of ours'],
  ])('tells why a token is refused: %s', async (_, claims, reason, detail) => {
    const { code, out, err } = await explained(ORDER, mint(claims));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const words = out.replaceAll(/\s+/g, ' ');
    expect(words).toContain(`caller a token that is refused, ${reason}: ${detail}`);
    expect(words).toContain(`(${reason})`);
    expect(words).toContain(`a bearer token -> 401 ${reason}`);
    expect(words).toContain('error="invalid_token"');
  });

  test('tells that what is no token is none, and repeats nothing of it', async () => {
    const { code, out } = await explained(ORDER, 'some-opaque-token-of-a-provider');
    expect(code).toBe(0);
    expect(out).toContain('a bearer token -> 401 token-malformed');
  });

  test('tells that keys cannot be had', async () => {
    provider.misbehaviour = { jwks: () => 'nothing' };
    const { out } = await explained(ORDER, mint());
    expect(out).toContain('a bearer token -> 503 key-set-unavailable');
  });

  test('has no use for a token where no app is', async () => {
    const { code, err } = await explained('https://nope.example.com/', mint());
    expect(code).toBe(2);
    expect(err).toContain('no app has the host nope.example.com, so nobody can say whose tokens hold there');
  });

  test('needs a whole configuration', async () => {
    const { code, err } = await explained(ORDER, mint(), { config: undefined });
    expect(code).toBe(1);
    expect(err).toContain('No provider is configured.');
  });

  test('has the same as JSON', async () => {
    const { out } = await explained(ORDER, mint(), { json: true });
    expect(JSON.parse(out)).toMatchObject({
      caller: { kind: 'token', issuer: provider.issuer, subject: 'carl', scopes: ['orders:read'] },
      outcome: 'permit',
      reason: 'permitted',
    });
    const refused = await explained(ORDER, mint({ aud: 'shop' }), { json: true });
    expect(JSON.parse(refused.out)).toMatchObject({
      caller: { kind: 'refused', reason: 'token-audience' },
      outcome: 'forbidden',
      reason: 'token-audience',
      answers: [{ who: 'a bearer token', status: 401 }],
    });
  });
});
