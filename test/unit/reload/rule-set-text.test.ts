import { describe, expect, test } from '@jest/globals';
import { readRuleSet, writeRuleSet } from '../../../src/reload/rule-set-text.ts';
import { ruleSetOf } from '../../support/requests.ts';

const FULL = `
app: shop
title: The shop
hosts: [shop.example.com, "*.shop.example.com"]
audience: [https://api.shop.example.com, https://b]
issuers: [https://issuer.example.com]
login: { scopes: [openid, email], ask: listed }
credentials: [session]
origins: [https://www.example.com]
headers: { X-Name: name }
passAccessToken: false
ignoreCase: true
tolerate: [semicolon]
mode: report
otherwise: authenticated
rules:
  /: public
  /api/*/orders/**:
    GET: [orders:read]
    POST PUT: { all: [orders:write], any: [staff, partner] }
    otherwise: deny
  /Admin/**: { all: [admin], acr: [mfa], loginWithin: 15m }
  /ops/*: { audience: https://ops.example.com, all: [metrics:read] }
tests:
  - { request: GET /, expect: public }
`;
const PLAIN =
  'app: plain\nhosts: [plain.example.com]\norigins: upstream\naudience: https://p\nrules: { /: public }';

describe('a rule set as text', () => {
  const before = ruleSetOf(FULL, PLAIN);

  test('is the same set when it is read again: every word of every app, and every match', async () => {
    let turns = 0;
    const text = structuredClone(writeRuleSet(before));
    const after = await readRuleSet(text, async () => {
      turns += 1;
    });
    expect(after.version).toBe(before.version);
    expect(after.written).toEqual(before.written);
    expect(after.apps).toEqual(after.written.map(({ app }) => app));
    expect(turns).toBe(2);
    for (const host of ['shop.example.com', 'a.shop.example.com', 'plain.example.com', 'b.example.com']) {
      const [was, is] = [before.appFor(host), after.appFor(host)];
      expect(is).toEqual(was);
      if (was === undefined || is === undefined) continue;
      for (const path of [
        [],
        ['api', '7', 'orders'],
        ['api', '7', 'orders', 'x'],
        ['ADMIN'],
        ['ops', 'a'],
        ['x'],
      ])
        for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'PROPFIND'])
          expect(after.match(is, method, path)).toEqual(before.match(was, method, path));
    }
  });

  test.each([
    ['a date', new Date(0)],
    ['a set', new Set(['a'])],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['no number', Number.NaN],
  ])('is refused with %s in it, rather than lose it', (_, odd) => {
    const [first] = before.written;
    if (first === undefined) throw new TypeError('no app');
    const written = [{ ...first, app: { ...first.app, odd } }];
    expect(() => writeRuleSet({ ...before, written })).toThrow(
      new TypeError('"odd" of a rule set is no plain value'),
    );
  });
});
