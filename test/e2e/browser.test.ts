import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchChromium, missingChromium, picture, tell, type Window } from '../support/e2e-chromium.ts';
import { PROXIES } from '../support/e2e-proxies.ts';
import { type E2eWorld, useWorld } from '../support/e2e-world.ts';

const runnable = PROXIES.filter(({ missing }) => missing === undefined);
// The first proxy that is there, and one over https for the cookies of production.
const chosen = [runnable[0], runnable.find(({ scheme }) => scheme === 'https')].filter(
  (one) => one !== undefined,
);

describe.each(chosen)('in Chromium, through $name', (proxy) => {
  if (missingChromium !== undefined) {
    test.skip(`every story: ${missingChromium}`, () => {});
    return;
  }
  const isSecure = proxy.scheme === 'https';
  const shoot = (page: Page, name: string): Promise<void> => picture(page, `${proxy.scheme}-${name}`);

  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });
  const journey = useWorld(proxy);
  /** A journey in a window of its own, in which nothing may go wrong beside what is looked at. */
  const story = (name: string, run: (world: E2eWorld, window: Window) => Promise<void>): void =>
    journey(name, async (world) => {
      world.provider.signInAs(undefined);
      await tell(browser, name, (window) => run(world, window));
    });

  story('somebody signs in and lands on the page asked for', async ({ origin }, { context, tab }) => {
    const page = await tab();
    const target = '/orders/7?view=open&q=%20a';
    await signIn(page, origin + target, 'Anna');
    expect(page.url()).toBe(origin + target);
    expect(await page.textContent('#who')).toBe('anna');
    expect(await page.textContent('#where')).toBe(target);

    const cookies = (await context.cookies()).filter(({ domain }) => domain === 'shop.localhost');
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies) {
      expect(cookie).toMatchObject({
        name: expect.stringMatching(isSecure ? /^__Host-postern/ : /^postern/),
        path: '/',
        httpOnly: true,
        sameSite: 'Lax',
        secure: isSecure,
      });
    }
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  story(
    'a page without permission says what is missing, and leads on by keyboard',
    async (world, { tab }) => {
      const { origin } = world;
      const page = await tab();
      await signIn(page, `${origin}/orders/7`, 'Anna');
      const refused = await page.goto(`${origin}/staff/list?of=all`);
      expect(refused?.status()).toBe(403);
      expect(await page.textContent('h1')).toBe('You may not open this page');
      expect(await page.textContent('ul')).toBe('orders:write');
      expect(await page.title()).toBe('You may not open this page · The Shop');
      await shoot(page, 'forbidden');
      await expectNarrow(page);

      const labels: string[] = [];
      for (let i = 0; i < 2; i += 1) {
        await page.keyboard.press('Tab');
        labels.push(String(await page.evaluate('document.activeElement.textContent')));
        expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
      }
      expect(labels).toEqual(['Use another account', 'Sign out']);

      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Ben' }).click();
      await page.waitForURL(`${origin}/staff/list?of=all`);
      expect(await page.textContent('#who')).toBe('ben');
    },
  );

  story(
    'scripts, events and sockets of a page go on with its session',
    async ({ origin, upstream }, { tab }) => {
      const page = await tab();
      await signIn(page, `${origin}/orders/7`, 'Anna');
      const posted = await page.evaluate(
        `fetch('/orders/', { method: 'POST', body: 'a=1' }).then(async (r) => [r.status, (await r.json()).missing])`,
      );
      expect(posted).toEqual([403, ['orders:write']]);
      const first = await page.evaluate(
        `new Promise((done) => { const s = new EventSource('/live/events'); s.onmessage = (e) => { s.close(); done(e.data) } })`,
      );
      expect(first).toBe('first');
      const opened = await page.evaluate(
        `new Promise((done) => { const s = new WebSocket('/live/socket'); s.onopen = () => { s.close(); done('open') }; s.onerror = () => done('refused') })`,
      );
      expect(opened).toBe('open');
      expect(upstream.seen.at(-1)?.target).toBe('/live/socket');
    },
  );

  story('somebody signs out, and nothing comes back', async (world, window) => {
    const { origin, upstream } = world;
    const page = await window.tab();
    await signIn(page, `${origin}/orders/7`, 'Anna');
    const stolen = await window.context.cookies();

    expect((await page.goto(`${origin}/_auth/`))?.status()).toBe(200);
    await shoot(page, 'account');
    await expectNarrow(page);
    const [posted] = await Promise.all([
      page.waitForRequest(`${origin}/_auth/logout`),
      page.getByRole('button', { name: 'Sign out' }).click(),
    ]);
    expect(posted.method()).toBe('POST');
    expect(await posted.headerValue('origin')).toBe(origin);
    await page.getByRole('button', { name: 'Yes, sign me out' }).click();
    await page.waitForURL((url) => url.pathname === '/_auth/logged-out');
    expect(await page.textContent('h1')).toBe('You are signed out');
    await shoot(page, 'logged-out');
    await expectNarrow(page);

    const before = upstream.seen.length;
    const kept = await window.context.cookies(origin);
    expect(kept).toEqual([]);
    // Back to the provider's question, the account page, the page of the app, the provider's people.
    for (let i = 0; i < 4; i += 1) {
      await page.goBack();
      expect(await page.locator('#who').count()).toBe(0);
      expect(await page.getByText('anna@example.com').count()).toBe(0);
    }
    await window.context.clearCookies();
    await window.context.addCookies(stolen.filter(({ domain }) => domain === 'shop.localhost'));
    await page.goto(`${origin}/orders/7`);
    expect(page.url()).toContain('/interaction/');
    expect(upstream.seen.length).toBe(before);
  });

  story('a link to sign out asks first', async ({ origin }, { tab }) => {
    const page = await tab();
    await signIn(page, `${origin}/orders/7`, 'Anna');
    const confirm = await page.goto(`${origin}/_auth/logout`);
    expect(confirm?.status()).toBe(200);
    expect(await page.textContent('h1')).toBe('Sign out?');
    await shoot(page, 'sign-out');
    await page.getByRole('link', { name: 'Stay signed in' }).click();
    expect((await page.goto(`${origin}/orders/7`))?.status()).toBe(200);
    await page.goto(`${origin}/_auth/logout`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Yes, sign me out' }).click();
    await page.waitForURL((url) => url.pathname === '/_auth/logged-out');
  });

  story('two tabs that sign in at once both arrive', async ({ origin }, { tab }) => {
    const tabs = [
      ['/account/one', await tab()],
      ['/orders/two', await tab()],
    ] as const;
    await Promise.all(tabs.map(([target, page]) => page.goto(origin + target)));
    for (const [target, page] of [...tabs].reverse()) {
      await page.getByRole('button', { name: 'Anna' }).click();
      await page.waitForURL(origin + target);
      expect(await page.textContent('#who')).toBe('anna');
    }
  });

  story('a frame of somebody anonymous leads out of itself', async ({ origin }, { tab }) => {
    const page = await tab();
    await page.goto(`${origin}/frames`);
    const frame = page.frameLocator('iframe');
    await frame.getByRole('heading', { name: 'Please sign in' }).waitFor();
    await shoot(page, 'frame');
    const link = frame.getByRole('link', { name: 'Sign in' });
    expect(await link.getAttribute('target')).toBe('_top');
    await link.click();
    await page.getByRole('button', { name: 'Anna' }).click();
    await page.waitForURL(`${origin}/frames`);
    await page.frameLocator('iframe').locator('#who', { hasText: 'anna' }).waitFor();
  });

  story('a sign-in that was cancelled ends on a page with ways out', async ({ origin }, { tab }) => {
    const page = await tab();
    await page.goto(`${origin}/orders/7`);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForURL((url) => url.pathname === '/_auth/callback');
    expect(await page.textContent('h1')).toBe('The provider refused the sign-in');
    await shoot(page, 'cancelled');
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Anna' }).click();
    await page.waitForURL(`${origin}/orders/7`);
  });
});

/** Opens a page and chooses a person at the provider; none where the provider knows already. */
async function signIn(page: Page, url: string, person: string | undefined): Promise<void> {
  await page.goto(url);
  if (person !== undefined) await page.getByRole('button', { name: person }).click();
  await page.waitForURL(url);
}

/** WCAG 2.2, 1.4.10 Reflow: nothing scrolls sideways at 320 pixels. */
async function expectNarrow(page: Page): Promise<void> {
  const size = page.viewportSize() ?? { width: 1280, height: 720 };
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
  await page.setViewportSize(size);
}
