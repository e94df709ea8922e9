import { describe, expect, test } from '@jest/globals';
import type { ClientHeaders } from '../../../src/forwarded/forwarded-request.ts';
import { isForeignAction } from '../../../src/forwarded/same-site.ts';
import { requestOf } from '../../support/requests.ts';

const OWN = 'https://shop.example.com';
const ALLOWED = ['https://www.example.com', 'https://partner.example'];
const KEY = { webSocketKey: 'dGhlIHNhbXBsZQ==' };

const foreign = (method: string, headers: Partial<ClientHeaders>): boolean =>
  isForeignAction(requestOf(`${method} shop.example.com/`, headers), OWN, ALLOWED);

/** XS5: what the Origin and Sec-Fetch-Site of a request say, for anything that could act with a cookie. */
const SENDERS: [who: string, headers: Partial<ClientHeaders>, foreign: boolean][] = [
  ['no browser: neither header', {}, false],
  ['a page of the app', { origin: OWN, secFetchSite: 'same-origin' }, false],
  ['a page of the app, without Fetch Metadata', { origin: OWN }, false],
  ['a page of the app, without Origin', { secFetchSite: 'same-origin' }, false],
  ['the person: a bookmark or a reload', { secFetchSite: 'none' }, false],
  ['an allowed origin, same site', { origin: 'https://www.example.com', secFetchSite: 'same-site' }, false],
  ['an allowed origin, cross-site', { origin: 'https://partner.example', secFetchSite: 'cross-site' }, false],
  ['an allowed origin, without Fetch Metadata', { origin: 'https://partner.example' }, false],
  ['a foreign site', { origin: 'https://evil.example', secFetchSite: 'cross-site' }, true],
  ['a foreign site, without Fetch Metadata', { origin: 'https://evil.example' }, true],
  ['a foreign site, without Origin', { secFetchSite: 'cross-site' }, true],
  ['a sibling host', { origin: 'https://blog.example.com', secFetchSite: 'same-site' }, true],
  ['a sibling host, without Origin', { secFetchSite: 'same-site' }, true],
  ['a sandboxed frame', { origin: 'null', secFetchSite: 'cross-site' }, true],
  ['an opaque origin, without Fetch Metadata', { origin: 'null' }, true],
  ['the own host by http', { origin: 'http://shop.example.com' }, true],
  ['the own host on another port', { origin: 'https://shop.example.com:8443' }, true],
  ['an allowed host by http', { origin: 'http://www.example.com' }, true],
  ['another spelling of the own origin', { origin: 'https://SHOP.example.com' }, true],
  ['the own origin with a path', { origin: `${OWN}/` }, true],
  ['an origin that begins with the own one', { origin: `${OWN}.evil.example` }, true],
  ['an origin that begins with an allowed one', { origin: 'https://partner.example.evil.test' }, true],
  ['two Origin lines', { origin: `${OWN}, ${OWN}` }, true],
  ['an empty Origin', { origin: '' }, true],
  ['the own Origin, contradicted by Fetch Metadata', { origin: OWN, secFetchSite: 'cross-site' }, true],
  ['an unknown Sec-Fetch-Site', { secFetchSite: 'same-planet' }, true],
  ['an empty Sec-Fetch-Site', { secFetchSite: '' }, true],
];

describe.each(['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'TRACE', 'get'])('%s from', (method) => {
  test.each(SENDERS)('%s', (_who, headers, expected) => expect(foreign(method, headers)).toBe(expected));
});

describe('a WebSocket from', () => {
  test.each(SENDERS)('%s', (_who, headers, expected) => {
    expect(foreign('GET', { ...headers, ...KEY })).toBe(expected);
    expect(foreign('GET', { ...headers, secFetchMode: 'websocket' })).toBe(expected);
  });
});

describe.each(['GET', 'HEAD', 'OPTIONS'])('a safe method is never foreign: %s from', (method) => {
  test.each(SENDERS)('%s', (_who, headers) => expect(foreign(method, headers)).toBe(false));
});
