import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Page, PageAction } from '../../../src/pages/page.ts';
import { PAGE_HEADERS, PAGE_HEADERS_FRAMED, pageHeaders, renderPage } from '../../../src/pages/render.ts';
import { REASONS } from '../../../src/reason.ts';

const page = (parts: Partial<Page> = {}): Page => ({
  title: 'Title',
  app: 'Shop',
  paragraphs: [],
  actions: [],
  ...parts,
});
const link = (parts: Partial<PageAction> = {}): PageAction => ({
  label: 'Go',
  href: 'https://shop.example.com/',
  method: 'get',
  ...parts,
});
const action = (parts: Partial<PageAction>) => renderPage(page({ actions: [link(parts)] }));
const bodyOf = (html: string) => html.slice(html.indexOf('<body>'));
const between = (html: string, open: string, close: string) =>
  html
    .split(open)
    .slice(1)
    .map((part) => part.split(close, 1)[0]);
const count = (html: string, part: string) => html.split(part).length - 1;

describe('escaping', () => {
  const HOSTILE = `<img src=x onerror='alert("1")'>&amp;`;
  const ESCAPED = '&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt;&amp;amp;';

  test.each<[place: string, parts: Partial<Page>, times: number]>([
    ['title', { title: HOSTILE }, 2],
    ['app', { app: HOSTILE }, 2],
    ['paragraph', { paragraphs: [HOSTILE] }, 1],
    ['list heading', { lists: [{ heading: HOSTILE, items: [] }] }, 1],
    ['list item', { lists: [{ heading: '', items: [HOSTILE] }] }, 1],
    ['fact label', { facts: [[HOSTILE, '']] }, 1],
    ['fact value', { facts: [['', HOSTILE]] }, 1],
    ['link label', { actions: [link({ label: HOSTILE })] }, 1],
    ['button label', { actions: [link({ label: HOSTILE, method: 'post' })] }, 1],
    ['request id', { requestId: HOSTILE }, 1],
    ['reason', { reason: HOSTILE }, 1],
  ])('%s', (_place, parts, times) => {
    const html = renderPage(page(parts));
    expect(html).not.toContain('<img');
    expect(count(html, ESCAPED)).toBe(times);
  });

  test.each(['get', 'post'] as const)('an href cannot leave its attribute (%s)', (method) => {
    const html = action({ method, href: `https://a.example/'"><b>?a=1&b='"><i>#'"><u>` });
    expect(html).toMatch(
      /(href|action)="https:\/\/a\.example\/&#39;%22%3E%3Cb%3E\?a=1&amp;b=%27%22%3E%3Ci%3E#[^"<>']*"/,
    );
  });

  test('control characters become blanks and lone surrogates the replacement character', () => {
    expect(renderPage(page({ paragraphs: ['a\0b\r\nc\x85d\ud800e'] }))).toContain('<p>a b  c d\ufffde</p>');
  });
});

describe('size', () => {
  const MAX = 12 * 1024;

  test('a paragraph is cut at 600 characters, with an ellipsis', () => {
    const [cut] = between(renderPage(page({ paragraphs: ['x'.repeat(601)] })), '<p>', '</p>');
    expect(cut).toBe(`${'x'.repeat(599)}…`);
    const whole = 'x'.repeat(600);
    expect(renderPage(page({ paragraphs: [whole] }))).toContain(`<p>${whole}</p>`);
  });

  test('a cut never splits a character of two units', () => {
    const html = renderPage(page({ paragraphs: [`${'x'.repeat(598)}😀tail`] }));
    expect(html).toContain(`${'x'.repeat(598)}…</p>`);
  });

  test('a list shows 50 items and counts the rest', () => {
    const items = Array.from({ length: 73 }, (_, index) => `scope:${index}`);
    const html = renderPage(page({ lists: [{ heading: 'Missing', items }] }));
    expect(count(html, '<li>')).toBe(50);
    expect(html).toContain('<li>scope:49</li><li class="more">and 23 more</li></ul>');
    expect(renderPage(page({ lists: [{ heading: 'Missing', items: items.slice(0, 50) }] }))).not.toContain(
      'more</li>',
    );
  });

  test.each<[name: string, text: string]>([
    ['plain', 'word '.repeat(20_000)],
    ['all entities', '"'.repeat(100_000)],
    ['three bytes a character', '語'.repeat(100_000)],
  ])('everything at its longest stays within 12 KB: %s', (_name, text) => {
    const many = Array.from({ length: 200 }, () => text);
    const html = renderPage({
      title: text,
      app: text,
      paragraphs: many,
      lists: many.map((heading) => ({ heading, items: many })),
      facts: many.map((label) => [label, text] as const),
      actions: [link({ label: text }), link({ label: text, method: 'post' })],
      requestId: text,
      reason: text,
    });
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(MAX);
    expect(html).toMatch(/<\/html>\n$/);
  });

  test('long addresses leave room: three of the longest and a full list', () => {
    const href = `https://shop.example.com/_auth/login?rd=${'a'.repeat(2400)}`;
    const items = Array.from({ length: 200 }, (_, index) => `https://api.shop.example.com/scopes/${index}`);
    const html = renderPage(
      page({
        lists: [{ heading: 'Missing', items }],
        actions: [link({ href }), link({ href }), link({ href })],
      }),
    );
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(MAX);
    expect(count(html, href)).toBe(3);
  });

  test('every reason makes a page below 5 KB', () => {
    for (const [reason, { title, detail }] of Object.entries(REASONS)) {
      const html = renderPage(
        page({ title, paragraphs: [detail], actions: [link()], reason, requestId: 'r'.repeat(36) }),
      );
      expect(html).toContain(`<code>${reason}</code>`);
      expect(Buffer.byteLength(html)).toBeLessThan(5 * 1024);
    }
  });
});

describe('href', () => {
  test.each([
    'javascript:alert(1)',
    ' java\tscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://a.example/x',
    '/relative',
    '//a.example/',
    'https:',
    '',
    `https://a.example/${'a'.repeat(3500)}`,
  ])('%j is left out', (href) => {
    expect(bodyOf(action({ href }))).not.toMatch(/<a |<form|class="actions"/);
    expect(bodyOf(action({ href, method: 'post' }))).not.toMatch(/<a |<form|class="actions"/);
  });

  test('a mail address can be written to, and nothing sent to it', () => {
    expect(action({ href: 'mailto:a@example.com' })).toContain(' href="mailto:a@example.com"');
    expect(bodyOf(action({ href: 'mailto:a@example.com', method: 'post' }))).not.toContain('<form');
  });

  test.each([
    ['https://a.example/x?y=%20z', 'https://a.example/x?y=%20z'],
    ['http://localhost:8080', 'http://localhost:8080/'],
    [' HTTPS://a.example/\n', 'https://a.example/'],
  ])('%j is kept as %j', (href, shown) => {
    expect(action({ href })).toContain(` href="${shown}"`);
  });
});

describe('structure', () => {
  test('a whole page, in reading order', () => {
    const html = renderPage({
      title: 'Denied',
      app: 'Shop',
      paragraphs: ['One.', 'Two.'],
      facts: [['Signed in as', 'Anna']],
      lists: [{ heading: 'Missing', items: ['orders:read'] }],
      actions: [link({ label: 'First', primary: true }), link({ label: 'Second', method: 'post' })],
      reason: 'scope-missing',
      requestId: 'r-1',
    });
    expect(bodyOf(html)).toBe(
      '<body><main><p class="app">Shop</p><h1>Denied</h1><p>One.</p><p>Two.</p>' +
        '<dl><div><dt>Signed in as</dt><dd>Anna</dd></div></dl>' +
        '<h2>Missing</h2><ul role="list"><li>orders:read</li></ul>' +
        '<div class="actions"><a class="action primary" href="https://shop.example.com/">First</a>' +
        '<form method="post" action="https://shop.example.com/"><button class="action">Second</button></form></div></main>' +
        '<footer><span>Reason <code>scope-missing</code></span> <span>Request <code>r-1</code></span> </footer></body></html>\n',
    );
  });

  test('the head', () => {
    const html = renderPage(page());
    expect(html).toMatch(/^<!doctype html><html lang="en"><head><meta charset="utf-8">/);
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(html).toContain('<meta name="robots" content="noindex">');
    expect(html).toContain('<title>Title · Shop</title>');
    expect(html).not.toMatch(/<script|<link|<img|\son\w+=|url\(|@import|style="/);
  });

  test('what is absent leaves no empty element', () => {
    expect(bodyOf(renderPage(page()))).toBe(
      '<body><main><p class="app">Shop</p><h1>Title</h1></main></body></html>\n',
    );
    expect(bodyOf(renderPage(page({ lists: [], facts: [] })))).not.toMatch(/<dl|<ul|<h2|<footer/);
  });

  test.each([
    ['top', ' target="_top">'],
    ['blank', ' target="_blank" rel="noopener noreferrer">'],
  ] as const)('target %s', (target, written) => {
    expect(action({ target })).toContain(`href="https://shop.example.com/"${written}`);
    expect(action({ target, method: 'post' })).toContain(`action="https://shop.example.com/"${written}`);
  });

  test.each([
    [5, '5'],
    [0, '1'],
    [-3, '1'],
    [2.2, '3'],
  ])('refreshSeconds %d', (refreshSeconds, content) => {
    expect(renderPage(page({ refreshSeconds }))).toContain(
      `<meta http-equiv="refresh" content="${content}">`,
    );
  });

  test('no refresh unless asked for', () => {
    expect(renderPage(page())).not.toContain('http-equiv');
    expect(renderPage(page({ refreshSeconds: Number.NaN }))).not.toContain('http-equiv');
  });

  test('only a page with a form names itself as referrer, so that its POST carries its origin', () => {
    expect(action({ method: 'post' })).toContain('<meta name="referrer" content="same-origin">');
    expect(action({ method: 'get' })).not.toContain('name="referrer"');
  });
});

describe('headers', () => {
  const html = renderPage(page());
  const digest = createHash('sha256')
    .update(between(html, '<style>', '</style>')[0] ?? '')
    .digest('base64');

  test('exactly these, the hash being that of the style element', () => {
    expect(PAGE_HEADERS).toEqual([
      ['Content-Type', 'text/html; charset=utf-8'],
      [
        'Content-Security-Policy',
        `default-src 'none'; style-src 'sha256-${digest}'; frame-ancestors 'none'; base-uri 'none'`,
      ],
      ['X-Content-Type-Options', 'nosniff'],
      ['Referrer-Policy', 'no-referrer'],
      ['Cache-Control', 'no-store'],
      ['X-Frame-Options', 'DENY'],
    ]);
    expect(count(html, '<style')).toBe(1);
  });

  test('the framed page may be framed by its own origin and differs in nothing else', () => {
    const expected = PAGE_HEADERS.filter(([name]) => name !== 'X-Frame-Options').map(([name, value]) => [
      name,
      value.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
    ]);
    expect(PAGE_HEADERS_FRAMED).toEqual(expected);
  });
});

describe('the brand of the client', () => {
  const page = (brand: Page['brand']): Page => ({
    title: 'T',
    app: 'Shop & Co',
    paragraphs: [],
    actions: [],
    ...(brand === undefined ? {} : { brand }),
  });

  test.each([
    [
      { uri: 'https://shop.example/?a="1"' },
      '<p class="app"><a href="https://shop.example/?a=%221%22">Shop &amp; Co</a></p>',
    ],
    [{ uri: 'http://shop.example/' }, '<p class="app">Shop &amp; Co</p>'],
    [{ uri: 'javascript:alert(1)' }, '<p class="app">Shop &amp; Co</p>'],
    [
      { logo: 'https://cdn.example/l.svg?a=1&b=2' },
      '<img class="logo" src="https://cdn.example/l.svg?a=1&amp;b=2" alt="" height="40">',
    ],
    [{ logo: 'http://cdn.example/l.svg' }, '<main><p class="app">'],
    [{ logo: 'data:image/svg+xml,x' }, '<main><p class="app">'],
  ] as const)('%j is shown by https only, escaped', (brand, html) => {
    expect(renderPage(page(brand))).toContain(html);
  });

  test('opens the policy for the origin of the logo alone', () => {
    const policy = (framed: boolean): string | undefined =>
      pageHeaders({ logo: 'https://cdn.example/l.svg' }, framed).find(
        ([name]) => name === 'Content-Security-Policy',
      )?.[1];
    expect(policy(false)).toContain(" img-src https://cdn.example; frame-ancestors 'none'");
    expect(policy(true)).toContain(" img-src https://cdn.example; frame-ancestors 'self'");
    expect(pageHeaders({}, false)).toBe(PAGE_HEADERS);
  });
});
