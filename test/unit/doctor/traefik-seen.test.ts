import { describe, expect, test } from '@jest/globals';
import { notesAbout } from '../../../src/doctor/finding.ts';
import {
  entryPointNotes,
  type Item,
  middlewareNotes,
  routerNotes,
} from '../../../src/doctor/traefik-seen.ts';
import { traefikVersionNote } from '../../../src/doctor/traefik-version.ts';
import { complaints, mute, said } from './_said.ts';

const notes = notesAbout('traefik', '127.0.0.1:8080');
const NAMES = new Set(['authorization', 'cookie', 'x-auth-subject', 'x-forwarded-email']);

const forwardAuth = {
  address: 'http://postern:4180/verify',
  trustForwardHeader: false,
  authResponseHeaders: ['Authorization', 'Cookie', 'X-Auth-Subject', 'X-Forwarded-Email'],
  maxResponseBodySize: 65_536,
  maxBodySize: -1,
};
const middleware = (auth: object = {}, rest: object = {}): Item => ({
  name: 'postern@file',
  status: 'enabled',
  usedBy: ['shop@file'],
  forwardAuth: { ...forwardAuth, ...auth },
  ...rest,
});

describe('the version of Traefik', () => {
  test.each([
    ['3.7.9', 'ok'],
    ['v3.7.6', 'ok'],
    ['3.7.0', 'warning'],
    ['3.7.0-rc.1', 'warning'],
    ['3.6.22', 'ok'],
    ['3.6.14', 'warning'],
    ['3.6.13', 'problem'],
    ['3.5.9', 'problem'],
    ['3.0.0', 'problem'],
    ['2.11.51', 'ok'],
    ['2.11.43', 'warning'],
    ['2.11.42', 'problem'],
    ['2.10.99', 'problem'],
    ['3.8.0', 'ok'],
    ['4.0.0', 'ok'],
    ['1.7.34', 'problem'],
    ['dev', 'open'],
    [undefined, 'open'],
    ['3.7', 'open'],
  ])('%s: %s', (version, level) => {
    const note = traefikVersionNote(version, notes);
    expect(note.level).toBe(level);
    expect(mute([note])).toEqual([]);
  });
});

describe('the middlewares', () => {
  test('a good one', () => {
    expect(said(middlewareNotes([middleware()], NAMES, notes))).toEqual([
      'ok: postern@file asks http://postern:4180/verify and copies every header of the rules',
    ]);
  });

  test.each<[string, Item[], string[]]>([
    [
      'none',
      [{ name: 'a@file', chain: { middlewares: [] } }],
      ['problem: there is no forwardAuth middleware'],
    ],
    [
      'one that leads elsewhere',
      [middleware({ address: 'http://postern:4180/' })],
      ['problem: no forwardAuth middleware leads to /verify: postern@file asks http://postern:4180/'],
    ],
    [
      'one that lacks credentials',
      [middleware({ authResponseHeaders: ['x-auth-subject', 'X-Forwarded-Email'] })],
      ['problem: authResponseHeaders of postern@file lacks Authorization, Cookie'],
    ],
    [
      'one that lacks a header of an app',
      [middleware({ authResponseHeaders: ['Authorization', 'Cookie', 'X-Auth-Subject'] })],
      ['problem: authResponseHeaders of postern@file lacks X-Forwarded-Email'],
    ],
    [
      'one that copies by a pattern',
      [middleware({ authResponseHeaders: undefined, authResponseHeadersRegex: '^X-' })],
      [
        'open: whether authResponseHeadersRegex of postern@file covers Authorization, Cookie, X-Auth-Subject, X-Forwarded-Email',
      ],
    ],
    [
      'one that trusts',
      [middleware({ trustForwardHeader: true })],
      ['warning: postern@file has trustForwardHeader: true'],
    ],
    [
      'one that does not say whether it trusts',
      [middleware({ trustForwardHeader: undefined })],
      ['warning: postern@file does not say trustForwardHeader'],
    ],
    [
      'one that is not used',
      [middleware({}, { usedBy: undefined })],
      ['problem: postern@file is used by no router'],
    ],
    [
      'one that is broken',
      [middleware({}, { status: 'disabled', error: ['no such file'] })],
      ['problem: postern@file is disabled: no such file'],
    ],
    [
      'one that hides credentials',
      [middleware({ authRequestHeaders: ['Accept', 'Cookie', 'Origin'] })],
      ['problem: authRequestHeaders of postern@file keeps Authorization from the gateway'],
    ],
    [
      'one that cuts pages',
      [middleware({ maxResponseBodySize: 1000 })],
      ['problem: maxResponseBodySize of postern@file is 1000'],
    ],
    ['one without a limit', [middleware({ maxResponseBodySize: -1 })], []],
    [
      'one that redirects by itself',
      [middleware({ authSigninURL: 'https://x.example' })],
      ['warning: postern@file has an authSigninURL'],
    ],
  ])('%s', (_, all, expected) => {
    const found = middlewareNotes(all, NAMES, notes);
    expect(complaints(found)).toEqual(expected);
    expect(mute(found)).toEqual([]);
  });

  test('says why each header matters', () => {
    const why = (lacking: string): string =>
      JSON.stringify(
        middlewareNotes(
          [
            middleware({
              authResponseHeaders: forwardAuth.authResponseHeaders.filter((name) => name !== lacking),
            }),
          ],
          NAMES,
          notes,
        ),
      );
    expect(why('Cookie')).toContain("apps receive the gateway's session cookies");
    expect(why('Authorization')).toContain('apps get no access token');
    expect(why('X-Auth-Subject')).toContain('a client can set it itself');
  });
});

describe('the routers', () => {
  const all = [
    middleware(),
    { name: 'chain@file', chain: { middlewares: ['postern@file'] } },
    { name: 'tls@file', redirectScheme: { scheme: 'https' } },
    { name: 'ring@file', chain: { middlewares: ['ring@file'] } },
  ];
  const router = (more: object): Item => ({
    name: 'shop@file',
    status: 'enabled',
    rule: 'Host(`shop.example.com`)',
    ...more,
  });
  const where = { hosts: ['shop.example.com'], basePath: '/_auth' };

  test.each<[string, Item, string[]]>([
    ['asks', router({ middlewares: ['clean@file', 'postern@file'] }), []],
    ['asks by a chain', router({ middlewares: ['chain@file'] }), []],
    ['leads to https', router({ middlewares: ['tls@file'] }), []],
    ['is of another host', router({ rule: 'Host(`other.example.com`)' }), []],
    [
      'has the pages of the gateway',
      router({ rule: 'Host(`shop.example.com`) && (PathPrefix(`/_auth`) || PathPrefix(`/x`))' }),
      [],
    ],
    [
      'asks nobody',
      router({}),
      ['problem: router shop@file (Host(`shop.example.com`)) does not ask the gateway'],
    ],
    [
      'has a ring of chains',
      router({ middlewares: ['ring@file'] }),
      ['problem: router shop@file (Host(`shop.example.com`)) does not ask the gateway'],
    ],
    [
      'is broken',
      router({
        middlewares: ['nope@file'],
        status: 'disabled',
        error: ['middleware "nope@file" does not exist'],
      }),
      ['problem: router shop@file is disabled: middleware "nope@file" does not exist'],
    ],
  ])('one that %s', (_, one, expected) => {
    const found = routerNotes([one], all, where, notes);
    expect(said(found)).toEqual(expected);
    expect(mute(found)).toEqual([]);
  });
});

describe('the entry points', () => {
  test.each<[string, Item, object, string[]]>([
    ['usual', { name: 'web', forwardedHeaders: {}, http: { sanitizePath: true } }, {}, []],
    [
      'believing, and a middleware that trusts',
      { name: 'web', forwardedHeaders: { insecure: true } },
      { trustForwardHeader: true },
      ['problem: entry point web has forwardedHeaders.insecure, and a middleware trusts what it passes on'],
    ],
    [
      'believing',
      { name: 'web', forwardedHeaders: { insecure: true } },
      {},
      ['warning: entry point web has forwardedHeaders.insecure'],
    ],
    [
      'letting headers be deleted',
      { name: 'web', forwardedHeaders: { connection: ['X-Auth-Subject'] } },
      {},
      ['warning: entry point web has forwardedHeaders.connection'],
    ],
    [
      'leaving paths as they are',
      { name: 'web', http: { sanitizePath: false } },
      {},
      ['warning: entry point web has sanitizePath: false'],
    ],
  ])('%s', (_, one, auth, expected) => {
    const found = entryPointNotes([one], [middleware(auth)], notes);
    expect(said(found)).toEqual(expected);
    expect(mute(found)).toEqual([]);
  });
});
