import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { PROJECT } from './e2e-gateway.ts';
import { isExecutable } from './e2e-proxies.ts';

const program = process.env['CHROMIUM_BIN'] || '/usr/bin/chromium';

/** Why there is no browser here, in words; undefined when there is one. */
export const missingChromium: string | undefined = isExecutable(program)
  ? undefined
  : `${program} is no program; apt-get install chromium, or set CHROMIUM_BIN`;

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: program,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1',
    ],
  });

/** Somebody's browser window, and what went wrong in it. */
export interface Window extends AsyncDisposable {
  readonly context: BrowserContext;
  /** Opens a further tab. */
  tab(): Promise<Page>;
  /** Requests beyond this machine, script errors, blocked contents, and failed loads of anything but a page itself. */
  readonly troubles: readonly string[];
}

const LOOPBACK =
  /^(?:[a-z]+:\/\/(?:[a-z.]*localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:\/|$)|data:|about:|blob:)/;

async function openWindow(browser: Browser): Promise<Window> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  context.setDefaultTimeout(10_000);
  const troubles: string[] = [];
  context.on('request', (request) => {
    if (!LOOPBACK.test(request.url())) troubles.push(`left this machine: ${request.url()}`);
  });
  context.on('weberror', (error) => void troubles.push(`threw: ${error.error().message}`));
  context.on('console', (message) => {
    // Chromium reports the status of each refused page as an error, too.
    const isStatus = message
      .text()
      .startsWith('Failed to load resource: the server responded with a status of');
    if (['error', 'warning'].includes(message.type()) && !isStatus) troubles.push(message.text());
  });
  return {
    context,
    tab: () => context.newPage(),
    troubles,
    [Symbol.asyncDispose]: () => context.close(),
  };
}

const PICTURES = join(PROJECT, 'test-output');

/** One picture, as the page is now. */
export async function snapshot(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({
    path: join(PICTURES, `${name.replaceAll(/[^a-z0-9-]+/gi, '-')}.png`),
    fullPage: true,
  });
}

/** Pictures of a page for people to look at: light, dark, and as narrow as WCAG 2.2 (1.4.10) demands. */
export async function picture(page: Page, name: string): Promise<void> {
  const size = page.viewportSize() ?? { width: 1280, height: 720 };
  await snapshot(page, `${name}-light`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await snapshot(page, `${name}-dark`);
  await page.setViewportSize({ width: 320, height: 640 });
  await snapshot(page, `${name}-narrow`);
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(size);
}

/** Runs a story in a window of its own. One that fails leaves pictures of all its tabs. @throws also when anything went wrong in the window */
export async function tell(
  browser: Browser,
  name: string,
  story: (window: Window) => Promise<void>,
): Promise<void> {
  await using window = await openWindow(browser);
  try {
    await story(window);
    expect(window.troubles).toEqual([]);
  } catch (error) {
    for (const page of window.context.pages()) await snapshot(page, `failed-${name}`).catch(() => {});
    throw error;
  }
}
