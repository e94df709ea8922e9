import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import { startTestWorld, type World } from '../support/world.ts';

// With `ask: listed` each page asks for its own scopes. A login takes the place of the token of its audience, and whatever that
// one held beyond it has to be asked for again: it was lost, not refused.

const SHOP = 'http://shop.localhost:8080';
const API = 'https://api.shop.localhost';
const rules = {
  'shop.yaml': `
app: shop
hosts: [shop.localhost]
audience: ${API}
login: { scopes: [openid], ask: listed }
rules:
  /account/**: authenticated
  /read/**:    [read]
  /write/**:   [write]
  /admin/**:   [admin]
`,
};
const resource = { audience: API, scopes: ['read', 'write', 'admin'], lifetime: 60 };
const provider = {
  people: [{ id: 'anna', name: 'Anna', role: 'staff', holds: { [API]: ['read', 'write'] } }],
  resources: [resource],
  signedInAs: 'anna',
};

let offset = 0;
let world: World;
beforeAll(async () => {
  world = await startTestWorld({ rules, provider, now: () => Math.floor(Date.now() / 1000) + offset });
});
beforeEach(() => {
  offset = 0;
  resource.lifetime = 60;
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** Opens a page, with the logins that it takes. @returns their number and how it ended */
async function open(browser: Browser, path: string): Promise<string> {
  for (let logins = 0; ; logins += 1) {
    const answer = await browser.check(SHOP + path);
    if (answer.status !== 302 || logins > 3) return `${logins} ${answer.status} ${answer.reason}`;
    await browser.check(await browser.atProvider(String(answer.headers.location)));
  }
}

/** All tokens expire; those to come do not. */
const expire = (): void => {
  offset += 100;
  resource.lifetime = 5_000;
};
const EXPIRE = 'the token expires';
const LINK = 'a login by a link';

test.each<[what: string, steps: readonly (readonly [path: string, outcome?: string])[]]>([
  [
    'after a login for one page, the other page asks again',
    [
      ['/read/1', '1 200 permitted'],
      ['/write/1', '1 200 permitted'],
      ['/read/1', '0 200 permitted'],
      [EXPIRE],
      ['/read/1', '1 200 permitted'],
      ['/write/1', '1 200 permitted'],
      ['/read/1', '0 200 permitted'],
    ],
  ],
  [
    'after a login that a link asked for, both pages can be opened',
    [
      ['/read/1', '1 200 permitted'],
      ['/write/1', '1 200 permitted'],
      [LINK],
      ['/write/1', '1 200 permitted'],
    ],
  ],
  [
    'a scope that was not granted is not asked for again, whatever else is',
    [
      ['/read/1', '1 200 permitted'],
      ['/admin/1', '1 403 scope-missing'],
      ['/write/1', '1 200 permitted'],
      [EXPIRE],
      ['/read/1', '1 200 permitted'],
      ['/admin/1', '0 403 scope-missing'],
      ['/write/1', '1 200 permitted'],
      ['/admin/1', '0 403 scope-missing'],
    ],
  ],
])('%s', async (_what, steps) => {
  const browser = new Browser(world);
  const seen: (readonly [string, string?])[] = [];
  for (const [step] of steps) {
    if (step === EXPIRE) expire();
    if (step === LINK) {
      const link = await browser.check(`${SHOP}/_auth/login?rd=/account/`);
      await browser.check(await browser.atProvider(String(link.headers.location)));
    }
    seen.push(step.startsWith('/') ? [step, await open(browser, step)] : [step]);
  }
  expect(seen).toEqual(steps);
});
