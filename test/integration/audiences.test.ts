import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Holdings, Person, ProviderOptions, Resource } from '../../demo/provider-options.ts';
import { Browser } from '../support/browser.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

const A = 'https://a.example';
const B = 'https://b.example';
const C = 'https://c.example';
const hosts = ['one.localhost:8080', 'two.localhost:8080', 'three.localhost:8080'] as const;
const [ONE, TWO, THREE] = hosts.map((host) => `http://${host}`) as [string, string, string];

/** Three apps with the same audience, and one with a path for each of three. */
const rules = {
  ...Object.fromEntries(
    ['two', 'three'].map((name) => [
      `${name}.yaml`,
      `app: ${name}\nhosts: [${name}.localhost]\naudience: ${A}\nrules: { "/**": [read] }\n`,
    ]),
  ),
  'one.yaml': `
app: one
hosts: [one.localhost]
audience: ${A}
login: { scopes: [openid], ask: listed }
rules:
  /a/**:      [read]
  /b/**:      { audience: ${B}, all: [read] }
  /c/**:      { audience: ${C}, all: [read] }
  /write/**:  [write]
`,
};

const resource = (audience: string): Resource => ({ audience, scopes: ['read', 'write'] });
const person = (id: string, holds: Holdings): Person => ({ id, name: id, role: 'reader', holds });
const people = [
  person('anna', { [A]: ['read'], [B]: ['read'], [C]: ['read'] }),
  person('ben', { [A]: ['read'], [B]: ['read'] }),
];

const requests: string[] = [];
const count = (beginning: string): number => requests.filter((line) => line.startsWith(beginning)).length;
/** How often people saw a page of the provider, and how often it was asked for tokens. */
const seen = (): readonly number[] => [count('GET /interaction/'), count('POST /token')];
const provider: Partial<ProviderOptions> = {
  people,
  resources: [resource(A), resource(B), resource(C)],
  signedInAs: 'anna',
  onRequest: (method, url) => void requests.push(`${method} ${url}`),
};

/** Opens a page through whatever redirects it takes. @returns its answer, and the logins that were started on the way */
async function open(browser: Browser, url: string): Promise<Answer & { readonly logins: number }> {
  for (let logins = 0; logins < 4; logins += 1) {
    const answer = await browser.check(url);
    if (answer.status !== 302) return { ...answer, logins };
    const done = await browser.check(await browser.atProvider(String(answer.headers.location)));
    if (done.status !== 303) return { ...done, logins };
    expect(done.headers.location).toBe(url);
  }
  throw new Error(`a loop at ${url}`);
}

/** What the upstream is handed. */
const passed = ({ headers }: Answer): { aud: unknown; scope: unknown } => {
  const [, payload = ''] = /^Bearer [^.]+\.([^.]+)\./.exec(headers.authorization ?? '') ?? [];
  const { aud, scope } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  return { aud, scope };
};

let world: World;
let browser: Browser;
beforeAll(async () => {
  world = await startTestWorld({ rules, provider, hosts });
});
beforeEach(() => {
  requests.length = 0;
  browser = new Browser(world);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test('one global audience: one login page, and the other two hosts sign in without one', async () => {
  expect(await open(browser, `${ONE}/a/1`)).toMatchObject({ status: 200, reason: 'permitted', logins: 1 });
  expect(seen()).toEqual([1, 1]);
  for (const host of [TWO, THREE]) {
    const answer = await open(browser, `${host}/x`);
    expect(answer).toMatchObject({ status: 200, reason: 'permitted', logins: 1 });
    expect(passed(answer)).toEqual({ aud: A, scope: 'read' });
  }
  expect(seen()).toEqual([1, 3]);
  // Each host has a cookie of its own, and none is for a parent domain.
  for (const host of [ONE, TWO, THREE]) expect(browser.cookieNames(host)).toContain('postern');
});

test('one token for each API: a, b, a, b … are two token requests, and each upstream sees its own only', async () => {
  for (let round = 0; round < 4; round += 1) {
    for (const [path, audience] of [
      ['/a/1', A],
      ['/b/1', B],
    ] as const) {
      const answer = await open(browser, ONE + path);
      expect(answer).toMatchObject({ status: 200, logins: round === 0 ? 1 : 0 });
      expect(passed(answer)).toEqual({ aud: audience, scope: 'read' });
      expect(answer.headers).toMatchObject({ 'x-auth-subject': 'anna', 'x-auth-scopes': 'read' });
    }
  }
  expect(seen()).toEqual([1, 2]);
  const [first, second] = requests
    .filter((line) => line.startsWith('GET /auth?'))
    .map((line) => new URL(line.slice(4), world.issuer).searchParams);
  expect([first?.get('resource'), first?.get('prompt')]).toEqual([A, null]);
  expect([second?.get('resource'), second?.get('prompt')]).toEqual([B, 'none']);
});

test('an API that the person holds nothing of is asked for once, then a page names what is missing', async () => {
  world.provider?.signInAs('ben');
  try {
    await open(browser, `${ONE}/a/1`);
    expect(await open(browser, `${ONE}/c/1`)).toMatchObject({
      status: 403,
      reason: 'scope-missing',
      logins: 1,
    });
    for (let again = 0; again < 2; again += 1)
      expect(await open(browser, `${ONE}/c/1`)).toMatchObject({ status: 403, logins: 0 });
    expect(await open(browser, `${ONE}/b/1`)).toMatchObject({ status: 200, logins: 1 });
    expect(seen()).toEqual([1, 3]);
  } finally {
    world.provider?.signInAs('anna');
  }
});

test('a subset that was granted stops after one attempt, and what is held goes on', async () => {
  await open(browser, `${ONE}/a/1`);
  const refused = await open(browser, `${ONE}/write/1`);
  expect(refused).toMatchObject({ status: 403, reason: 'scope-missing', logins: 1 });
  expect(refused.body).toContain('<li>write</li>');
  for (let again = 0; again < 2; again += 1)
    expect(await open(browser, `${ONE}/write/1`)).toMatchObject({ status: 403, logins: 0 });
  expect(await open(browser, `${ONE}/a/1`)).toMatchObject({ status: 200, logins: 0 });
  expect(seen()).toEqual([1, 2]);
});

describe('one token with several audiences', () => {
  let several: World;
  beforeAll(async () => {
    several = await startTestWorld({
      rules,
      hosts,
      provider: {
        ...provider,
        configuration: {
          formats: {
            customizers: {
              jwt: (_ctx, token, parts) => {
                if (token.aud === A) parts.payload['aud'] = [A, B];
              },
            },
          },
        },
        // Of C nobody gets anything.
        resources: [resource(A), resource(B)],
      },
    });
  });
  afterAll(async () => {
    await several[Symbol.asyncDispose]();
  });

  test('permits what any of them is for, and nothing else', async () => {
    const visitor = new Browser(several);
    expect(await open(visitor, `${ONE}/a/1`)).toMatchObject({ status: 200, logins: 1 });
    const second = await open(visitor, `${ONE}/b/1`);
    expect(second).toMatchObject({ status: 200, reason: 'permitted', logins: 0 });
    expect(passed(second).aud).toEqual([A, B]);
    expect(seen()).toEqual([1, 1]);

    expect(await open(visitor, `${ONE}/c/1`)).toMatchObject({ status: 403, reason: 'provider-refused' });
    const refused = await visitor.check(`${ONE}/c/1`);
    expect(refused).toMatchObject({ status: 403, reason: 'audience-refused' });
    expect(refused.body).toContain(C);
    expect(await open(visitor, `${ONE}/b/1`)).toMatchObject({ status: 200, logins: 0 });
  });
});
