import type { Brand, Page, PageAction } from './page.ts';
import { STYLE, STYLE_SOURCE } from './style.ts';

type Header = readonly [name: string, value: string];

/**
 * `form-action` is left out on purpose: Chromium applies it to every redirect after a submit, and a logout POST is
 * redirected to the identity provider and by it to places that nobody here knows. What it would guard against, a
 * smuggled form, needs markup in a text, and every text is escaped.
 */
const headersFor = (ancestors: string, images: string): readonly Header[] => [
  ['Content-Type', 'text/html; charset=utf-8'],
  [
    'Content-Security-Policy',
    `default-src 'none'; style-src ${STYLE_SOURCE};${images} frame-ancestors ${ancestors}; base-uri 'none'`,
  ],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cache-Control', 'no-store'],
];

/** Headers of every page, save the one below. */
export const PAGE_HEADERS: readonly Header[] = [...headersFor("'none'", ''), ['X-Frame-Options', 'DENY']];

/** Headers of the page that an iframe of the app itself shows instead of its content; it leads out by `top`. */
export const PAGE_HEADERS_FRAMED: readonly Header[] = headersFor("'self'", '');

/** @returns the headers of a page: with a logo, its origin alone may be loaded from. */
export function pageHeaders({ logo }: Brand, framed: boolean): readonly Header[] {
  const url = httpsUrl(logo);
  if (url === undefined) return framed ? PAGE_HEADERS_FRAMED : PAGE_HEADERS;
  const images = ` img-src ${url.origin};`;
  return framed
    ? headersFor("'self'", images)
    : [...headersFor("'none'", images), ['X-Frame-Options', 'DENY']];
}

const MAX_BYTES = 12 * 1024;
const MAX_HREF = 3500;

/**
 * A complete HTML5 document without script and without anything remote. Texts are escaped and truncated, further
 * still where the page would exceed 12 KB. An action whose href is not http(s) or is longer than 3,500 characters
 * is left out: a truncated address would lead elsewhere.
 */
export const renderPage = (page: Page): string => {
  for (let share = 1; ; share /= 2) {
    const html = documentOf(page, share);
    if (share < 1 / 32 || Buffer.byteLength(html) <= MAX_BYTES) return html;
  }
};

const documentOf = (page: Page, share: number): string => {
  const count = Math.ceil(50 * share);
  const short = Math.max(40, Math.floor(200 * share));
  const long = Math.max(80, Math.floor(600 * share));

  const title = text(page.title, 120);
  const app = text(page.brand?.name ?? page.app, 80);
  const paragraphs = page.paragraphs.slice(0, count).map((paragraph) => `<p>${text(paragraph, long)}</p>`);
  const facts = (page.facts ?? [])
    .slice(0, count)
    .map(([label, value]) => `<div><dt>${text(label, short)}</dt><dd>${text(value, short)}</dd></div>`);
  const lists = (page.lists ?? [])
    .slice(0, count)
    .map(({ heading, items }) => `<h2>${text(heading, short)}</h2>${listOf(items, count, short)}`);
  const actions = page.actions.map(actionOf);

  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">',
    refreshOf(page),
    referrerOf(page),
    `<title>${title} · ${app}</title><style>${STYLE}</style></head>`,
    `<body><main>${brandOf(page.brand ?? {}, app)}<h1>${title}</h1>`,
    ...paragraphs,
    wrap('dl', facts),
    ...lists,
    wrap('div class="actions"', actions),
    '</main>',
    wrap('footer', [footnote('Reason', page.reason), footnote('Request', page.requestId)]),
    '</body></html>\n',
  ].join('');
};

const brandOf = ({ uri, logo }: Brand, app: string): string => {
  const home = httpsUrl(uri);
  const image = httpsUrl(logo);
  const picture =
    image === undefined ? '' : `<img class="logo" src="${escapeHtml(image.href)}" alt="" height="40">`;
  const name = home === undefined ? app : `<a href="${escapeHtml(home.href)}">${app}</a>`;
  return `${picture}<p class="app">${name}</p>`;
};

const httpsUrl = (href: string | undefined): URL | undefined => {
  const url = href === undefined ? null : URL.parse(href);
  return url?.protocol === 'https:' ? url : undefined;
};

const listOf = (items: readonly string[], count: number, short: number): string => {
  const shown = items.slice(0, count).map((item) => `<li>${text(item, short)}</li>`);
  const more = items.length - shown.length;
  if (more > 0) shown.push(`<li class="more">and ${more} more</li>`);
  // The role stays because Safari takes `list-style: none` for "no list".
  return wrap('ul role="list"', shown);
};

const actionOf = ({ label, href, method, target, primary }: PageAction): string => {
  const url = URL.parse(href);
  const isMail = url?.protocol === 'mailto:' && method === 'get';
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:' && !isMail)) return '';
  // The parsed form: what was judged here is what the browser follows.
  const address = escapeHtml(url.href);
  if (address.length > MAX_HREF) return '';

  const where = target === undefined ? '' : ` target="_${target}"`;
  const rel = target === 'blank' ? ' rel="noopener noreferrer"' : '';
  const look = `class="action${primary ? ' primary' : ''}"`;
  return method === 'post'
    ? `<form method="post" action="${address}"${where}${rel}><button ${look}>${text(label, 80)}</button></form>`
    : `<a ${look} href="${address}"${where}${rel}>${text(label, 80)}</a>`;
};

const refreshOf = ({ refreshSeconds }: Page): string =>
  refreshSeconds !== undefined && Number.isFinite(refreshSeconds)
    ? `<meta http-equiv="refresh" content="${Math.max(1, Math.ceil(refreshSeconds))}">`
    : '';

/**
 * Under `no-referrer` a browser sends `Origin: null` with a POST (Fetch, "append a request Origin header"), and a
 * cross-site check would refuse our own form. A page with one therefore names itself, to its own origin only.
 */
const referrerOf = ({ actions }: Page): string =>
  actions.some(({ method }) => method === 'post') ? '<meta name="referrer" content="same-origin">' : '';

const footnote = (label: string, value: string | undefined): string =>
  value === undefined ? '' : `<span>${label} <code>${text(value, 128)}</code></span> `;

/** The element around its parts, or nothing around nothing. */
const wrap = (tag: string, parts: readonly string[]): string => {
  const inner = parts.join('');
  return inner === '' ? '' : `<${tag}>${inner}</${tag.split(' ', 1)[0]}>`;
};

/** A text for people: control characters as blanks, at most `limit` UTF-16 units, escaped. */
const text = (value: string, limit: number): string => {
  if (value.length <= limit) return escapeHtml(plain(value));
  const head = value.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '');
  return `${escapeHtml(plain(head).trimEnd())}…`;
};

const plain = (value: string): string => value.toWellFormed().replace(/\p{Cc}/gu, ' ');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (value: string): string =>
  value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
