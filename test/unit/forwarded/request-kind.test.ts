import { describe, expect, test } from '@jest/globals';
import type { ClientHeaders } from '../../../src/forwarded/forwarded-request.ts';
import {
  isPreflight,
  isWebSocket,
  type RequestKind,
  requestKind,
} from '../../../src/forwarded/request-kind.ts';
import { requestOf } from '../../support/requests.ts';

const kindOf = (method: string, headers: Partial<ClientHeaders>): RequestKind =>
  requestKind(requestOf(`${method} shop.example.com/`, headers));

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
const BROWSER = { accept: HTML, secFetchMode: 'navigate', secFetchDest: 'document', secFetchSite: 'none' };

describe('AR6: the whole matrix against the sentence of design §4', () => {
  const MODES = [
    undefined,
    'navigate',
    'cors',
    'no-cors',
    'same-origin',
    'websocket',
    'nested-navigate',
    '',
    'Navigate',
  ];
  const DESTS = [
    undefined,
    'document',
    'iframe',
    'frame',
    'embed',
    'object',
    'fencedframe',
    'empty',
    'image',
    'script',
    '',
  ];
  const SITES = [undefined, 'none', 'same-origin', 'same-site', 'cross-site'];
  const ACCEPTS: [accept: string | undefined, prefersHtml: boolean][] = [
    [undefined, false],
    ['*/*', false],
    [HTML, true],
    ['application/json, text/html;q=0.9', false],
    ['text/event-stream', false],
  ];
  const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'get'];
  const EITHER = [undefined, 'x'];

  // "Page load = GET or HEAD; every Fetch-Metadata header present says navigate/document; none present: text/html preferred
  // in Accept, no X-Requested-With; never with Sec-Purpose." And a WebSocket is none.
  const isPageLoad = (method: string, h: Partial<ClientHeaders>, html: boolean): boolean =>
    (method === 'GET' || method === 'HEAD') &&
    (h.secFetchMode === undefined || h.secFetchMode === 'navigate') &&
    (h.secFetchDest === undefined || h.secFetchDest === 'document') &&
    (h.secFetchMode !== undefined ||
      h.secFetchDest !== undefined ||
      (html && h.requestedWith === undefined)) &&
    h.purpose === undefined &&
    h.webSocketKey === undefined;

  test.each(METHODS)('%s', (method) => {
    const wrong: unknown[] = [];
    let pageLoads = 0;
    for (const secFetchMode of MODES)
      for (const secFetchDest of DESTS)
        for (const secFetchSite of SITES)
          for (const [accept, html] of ACCEPTS)
            for (const requestedWith of EITHER)
              for (const purpose of EITHER)
                for (const webSocketKey of EITHER) {
                  const headers = {
                    secFetchMode,
                    secFetchDest,
                    secFetchSite,
                    accept,
                    requestedWith,
                    purpose,
                    webSocketKey,
                  };
                  const expected = isPageLoad(method, headers, html);
                  if (expected) pageLoads += 1;
                  if ((kindOf(method, headers) === 'page-load') !== expected) wrong.push(headers);
                }
    expect(wrong).toEqual([]);
    expect(pageLoads).toBe(method === 'GET' || method === 'HEAD' ? 155 : 0);
  });
});

test.each<[what: string, method: string, headers: Partial<ClientHeaders>, kind: RequestKind]>([
  ['a browser opens a page', 'GET', { ...BROWSER, secFetchUser: '?1' }, 'page-load'],
  ['a link on another site', 'GET', { ...BROWSER, secFetchSite: 'cross-site' }, 'page-load'],
  ['a HEAD that looks at a page', 'HEAD', BROWSER, 'page-load'],
  ['a browser without Fetch Metadata (plain http)', 'GET', { accept: HTML }, 'page-load'],
  ['curl', 'GET', { accept: '*/*' }, 'script'],
  ['an HTTP client without Accept', 'GET', {}, 'script'],
  ['fetch()', 'GET', { accept: '*/*', secFetchMode: 'cors', secFetchDest: 'empty' }, 'script'],
  [
    'fetch() that asks for HTML',
    'GET',
    { accept: HTML, secFetchMode: 'same-origin', secFetchDest: 'empty' },
    'script',
  ],
  ['jQuery that asks for HTML', 'GET', { accept: 'text/html', requestedWith: 'XMLHttpRequest' }, 'script'],
  ['XMLHttpRequest of axios', 'GET', { accept: 'application/json, text/plain, */*' }, 'script'],
  ['an image', 'GET', { accept: 'image/*', secFetchMode: 'no-cors', secFetchDest: 'image' }, 'script'],
  ['a stylesheet', 'GET', { accept: 'text/css', secFetchMode: 'no-cors', secFetchDest: 'style' }, 'script'],
  [
    'server-sent events',
    'GET',
    { accept: 'text/event-stream', secFetchMode: 'cors', secFetchDest: 'empty' },
    'script',
  ],
  [
    'a service worker script',
    'GET',
    { secFetchMode: 'same-origin', secFetchDest: 'serviceworker' },
    'script',
  ],
  [
    'a WebSocket by its mode',
    'GET',
    { accept: HTML, secFetchMode: 'websocket', secFetchDest: 'empty' },
    'script',
  ],
  ['a WebSocket by its key', 'GET', { accept: HTML, webSocketKey: 'dGhlIHNhbXBsZQ==' }, 'script'],
  ['a prefetch', 'GET', { ...BROWSER, purpose: 'prefetch;prerender' }, 'script'],
  ['a download dialog', 'GET', { accept: HTML, secFetchMode: 'navigate', secFetchDest: 'empty' }, 'script'],
  ['an iframe', 'GET', { ...BROWSER, secFetchDest: 'iframe' }, 'frame'],
  ['a frame', 'GET', { ...BROWSER, secFetchDest: 'frame' }, 'frame'],
  ['an embed', 'GET', { ...BROWSER, secFetchDest: 'embed' }, 'frame'],
  ['an object', 'GET', { ...BROWSER, secFetchDest: 'object' }, 'frame'],
  ['a fenced frame', 'GET', { ...BROWSER, secFetchDest: 'fencedframe' }, 'frame'],
  ['a form inside an iframe', 'POST', { ...BROWSER, secFetchDest: 'iframe' }, 'frame'],
  ['a prefetch of an iframe', 'GET', { ...BROWSER, secFetchDest: 'iframe', purpose: 'prefetch' }, 'script'],
  ['a form', 'POST', BROWSER, 'form'],
  ['a form without Fetch Metadata', 'POST', { accept: HTML }, 'form'],
  ['a POST by fetch()', 'POST', { accept: '*/*', secFetchMode: 'cors', secFetchDest: 'empty' }, 'script'],
  ['repeated Sec-Fetch-Mode lines', 'GET', { ...BROWSER, secFetchMode: 'navigate, navigate' }, 'script'],
  ['an empty Sec-Purpose', 'GET', { ...BROWSER, purpose: '' }, 'script'],
])('%s: %s', (_what, method, headers, kind) => expect(kindOf(method, headers)).toBe(kind));

/** Without Fetch Metadata the media range with the highest weight decides; on a tie the first one listed. */
test.each<[accept: string, page: boolean]>([
  ['text/html', true],
  ['TEXT/HTML', true],
  ['text/html;charset=utf-8', true],
  ['text/html, */*', true],
  ['text/html, application/json', true],
  ['application/json, text/html', false],
  ['application/json;q=0.5, text/html;q=0.6', true],
  ['application/json;q=0.6, text/html;q=0.5', false],
  ['*/*, text/html', false],
  ['*/*;q=0.8, text/html', true],
  ['text/html;q=0', false],
  ['text/html;q=0.0, */*;q=0', false],
  ['text/html;q=x', false],
  ['text/html;q=', false],
  ['text/html ; Q=0.9 , application/json ; q=0.8', true],
  ['text/htmlx', false],
  ['x/text/html', false],
  ['text/*', false],
  ['', false],
  [',', false],
])('Accept: %s is a page load: %s', (accept, page) => {
  expect(kindOf('GET', { accept })).toBe(page ? 'page-load' : 'script');
});

test('a long Accept is read in full', () => {
  expect(kindOf('GET', { accept: `${'a/b;q=0.1,'.repeat(2000)}text/html` })).toBe('page-load');
});

test.each<[what: string, headers: Partial<ClientHeaders>, webSocket: boolean]>([
  ['the key', { webSocketKey: 'dGhlIHNhbXBsZQ==' }, true],
  ['the mode', { secFetchMode: 'websocket' }, true],
  ['an empty key', { webSocketKey: '' }, true],
  ['another mode', { secFetchMode: 'navigate' }, false],
  ['nothing', {}, false],
])('a WebSocket, by %s', (_what, headers, webSocket) => {
  expect(isWebSocket(requestOf('GET shop.example.com/ws', headers))).toBe(webSocket);
});

/** FA20: nothing but a true preflight. */
test.each<[method: string, origin: string | undefined, asks: string | undefined, preflight: boolean]>([
  ['OPTIONS', 'https://www.example.com', 'POST', true],
  ['OPTIONS', 'null', 'POST', true],
  ['OPTIONS', 'https://www.example.com', undefined, false],
  ['OPTIONS', undefined, 'POST', false],
  ['OPTIONS', undefined, undefined, false],
  ['GET', 'https://www.example.com', 'POST', false],
  ['options', 'https://www.example.com', 'POST', false],
])(
  '%s with Origin %s and Access-Control-Request-Method %s is a preflight: %s',
  (method, origin, asks, preflight) => {
    const request = requestOf(`${method} shop.example.com/`, { origin, accessControlRequestMethod: asks });
    expect(isPreflight(request)).toBe(preflight);
  },
);
