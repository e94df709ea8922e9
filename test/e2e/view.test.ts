import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startWorld, type World } from '../../demo/world.ts';
import { launchChromium, missingChromium, picture, tell, type Window } from '../support/e2e-chromium.ts';

/** Seconds: the session's token has expired after nine tenths of them. */
const LIFETIME = 4;

/** The single-page view of the demo, whose API is on another host, behind the gateway. */
describe('a single-page view, in Chromium', () => {
  if (missingChromium !== undefined) {
    test.skip(`every story: ${missingChromium}`, () => {});
    return;
  }
  let browser: Browser;
  let world: World;
  beforeAll(async () => {
    browser = await launchChromium();
    world = await startWorld({ port: 0, proxy: 'built-in', tokenLifetime: LIFETIME });
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });
  const story = (name: string, run: (window: Window) => Promise<void>): void =>
    test(name, () => tell(browser, name, run));

  const state = (page: Page): Promise<string | null> => page.textContent('#state');
  /** Presses until the API answers so: a session ends by itself. */
  async function loadUntil(page: Page, wanted: RegExp): Promise<void> {
    const late = Date.now() + 20_000;
    do {
      const answered = page.waitForResponse((response) => response.url().includes('/api/orders/'));
      await page.getByRole('button', { name: 'Load the order' }).click();
      await (await answered).finished();
      await page.waitForFunction(`document.getElementById('state').textContent !== 'nothing loaded yet'`);
    } while (!wanted.test((await state(page)) ?? '') && Date.now() < late);
    expect(await state(page)).toMatch(wanted);
  }
  /** Opens the view somewhere inside, with something typed that no address holds. */
  async function openView(page: Page): Promise<string> {
    const place = `${world.view}/?list=open#/orders/9`;
    await page.goto(place);
    await page.evaluate('window.since = "the first load"');
    await page.getByLabel('A note').fill('half a thought');
    return place;
  }
  const expectPlace = async (page: Page, place: string): Promise<void> => {
    expect(page.url()).toBe(place);
    expect(await page.getByLabel('A note').inputValue()).toBe('half a thought');
    expect(await page.textContent('#order')).toBe('order 9, for anna');
  };

  story('renews a session that has ended in a popup, and stays where it is', async ({ context, tab }) => {
    const page = await tab();
    const place = await openView(page);
    await loadUntil(page, /^sign in to go on \(login-needed\)$/);
    const [first] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('button', { name: 'Sign in and go on' }).click(),
    ]);
    const closed = first.waitForEvent('close');
    await first.getByRole('button', { name: 'Anna' }).click();
    await closed;
    await page.locator('#state', { hasText: 'loaded' }).waitFor();
    await expectPlace(page, place);

    await loadUntil(page, /^sign in to go on \(session-expired\)$/);
    await picture(page, 'view-ended');
    const [second] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('button', { name: 'Sign in and go on' }).click(),
    ]);
    // The provider knows her still: nobody presses anything.
    if (!second.isClosed()) await second.waitForEvent('close');
    await page.locator('#state', { hasText: 'loaded' }).waitFor();
    await expectPlace(page, place);
    expect(await page.evaluate('window.since')).toBe('the first load');
    expect(context.pages()).toHaveLength(1);
  });

  story('comes back to the same place without a popup, too', async ({ tab }) => {
    const page = await tab();
    const place = await openView(page);
    await loadUntil(page, /^sign in to go on \(login-needed\)$/);
    await page.getByRole('button', { name: 'Sign in without a popup' }).click();
    await page.getByRole('button', { name: 'Anna' }).click();
    await page.locator('#state', { hasText: 'loaded' }).waitFor();
    await expectPlace(page, place);
    await loadUntil(page, /^sign in to go on \(session-expired\)$/);
    await page.getByRole('button', { name: 'Sign in without a popup' }).click();
    await page.waitForFunction('window.since === undefined');
    await page.locator('#state', { hasText: 'loaded' }).waitFor();
    await expectPlace(page, place);
  });

  story('asks who is signed in, across hosts', async ({ tab }) => {
    const page = await tab();
    await openView(page);
    const me = (): Promise<unknown> =>
      page.evaluate(
        `fetch(document.body.dataset.api + '/_auth/me', { credentials: 'include' }).then(async (answer) => {
          const { subject, login_url } = await answer.json();
          return [answer.status, subject, new URL(login_url).searchParams.get('rd')];
        })`,
      );
    expect(await me()).toEqual([401, undefined, `${world.view}/`]);
    await loadUntil(page, /^sign in/);
    await page.getByRole('button', { name: 'Sign in without a popup' }).click();
    await page.getByRole('button', { name: 'Ben' }).click();
    await page.locator('#state', { hasText: 'loaded' }).waitFor();
    expect(await me()).toEqual([200, 'ben', `${world.view}/`]);
  });
});
