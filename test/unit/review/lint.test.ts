import { describe, expect, test } from '@jest/globals';
import { lint } from '../../../src/review/lint.ts';
import type { Topic } from '../../../src/review/remark.ts';
import { runTests } from '../../../src/review/run-tests.ts';
import { ruleSetOf } from '../../support/requests.ts';

/** Place and subject, or message, of the remarks on a topic. */
function remarks(topic: Topic, text: string): readonly string[] {
  const ruleSet = ruleSetOf(`app: a\nhosts: [a.example.com]\naudience: x\n${text}`);
  return lint(ruleSet, runTests(ruleSet, ['_auth'], 0))
    .filter((remark) => remark.topic === topic)
    .map(({ place, subject, message }) => `${place?.split(':')[1] ?? '-'} ${subject}: ${message}`);
}

describe('a deny that is beaten', () => {
  const beaten = (text: string) => remarks('deny-beaten', text);

  test.each([
    [
      'by a path below it',
      'rules: { /a/**: deny, /a/b: [s] }',
      ['4 /a/**: `/a/**` is denied, but `/a/b` is more literal and wins: GET /a/b meets /a/b.'],
    ],
    [
      'where the two cross',
      'rules: { /a/*/c: deny, /a/b/**: public }',
      ['4 /a/*/c: `/a/*/c` is denied, but `/a/b/**` is more literal and wins: GET /a/b/c meets /a/b/**.'],
    ],
    [
      'by one method',
      'rules: { /a/**: deny, /a/b: { POST: [s] } }',
      ['4 /a/**: `/a/**` is denied, but `/a/b` is more literal and wins: POST /a/b meets /a/b.'],
    ],
    [
      'for one method',
      'rules: { /a/**: { POST: deny, otherwise: [s] }, /a/b: [s] }',
      ['4 /a/**: `/a/**` is denied, but `/a/b` is more literal and wins: POST /a/b meets /a/b.'],
    ],
    [
      'where case does not count',
      'ignoreCase: true\nrules: { /A/*: deny, /a/b: public }',
      ['5 /A/*: `/A/*` is denied, but `/a/b` is more literal and wins: GET /a/b meets /a/b.'],
    ],
    [
      'by many',
      'rules: { /x/**: deny, /x/a: public, /x/b: public, /x/c: public, /x/d: public, /x/e: public }',
      [
        '4 /x/**: `/x/**` is denied, but `/x/a`, `/x/b`, `/x/c` and 2 more are more literal and win: GET /x/a meets /x/a.',
      ],
    ],
    ['never by a wider rule', 'rules: { /a/b: deny, /a/**: public }', []],
    ['never where everything is denied by default', 'rules: { /**: deny, /a: public }', []],
    ['never by another deny', 'rules: { /a/**: deny, /a/b: deny }', []],
    ['never by a path that names other methods', 'rules: { /a/**: { GET: deny }, /a/b: { POST: [s] } }', []],
    ['never where nothing overlaps', 'rules: { /a/*/c: deny, /a/b/d/**: public }', []],
    [
      'unless a test says that it is meant',
      'rules: { /a/**: deny, /a/b: [s] }\ntests: [{ request: GET /a/b, expect: login }]',
      [],
    ],
  ])('%s', (_, text, expected) => {
    expect(beaten(text)).toEqual(expected);
  });

  test('counts no test that fails, expects a denial, or asks outside', () => {
    const rules = 'rules: { /a/*/c: deny, /a/b/**: public }\ntests:\n';
    expect(beaten(`${rules}  - { request: GET /a/b/c, expect: login }`)).toHaveLength(1);
    expect(beaten(`${rules}  - { request: GET /a/b/d, expect: public }`)).toHaveLength(1);
    expect(beaten(`${rules}  - { request: GET /a/b/c, expect: public }`)).toEqual([]);
  });
});

describe('another case', () => {
  test.each([
    [
      'a wider rule asks less',
      'rules: { /adm/**: [s], /**: authenticated }',
      ['4 any /adm/**: /ADM/x meets /**: authenticated'],
    ],
    ['one segment is enough', 'rules: { /a/adm: deny, /a/*: [s] }', ['4 any /a/adm: /a/ADM meets /a/*: [s]']],
    ['capitals fold too', 'rules: { /ADM: [s], /*: public }', ['4 any /ADM: /adm meets /*: public']],
    ['nothing else covers it', 'rules: { /adm/**: [s] }', []],
    ['a wider rule asks as much', 'rules: { /adm/**: [s], /**: { all: [s, t] } }', []],
    ['there is nothing to fold', 'rules: { /1/**: [s], /**: public }', []],
    ['the app folds case itself', 'ignoreCase: true\nrules: { /adm/**: [s], /**: public }', []],
    [
      'by one method',
      'rules: { /adm: { GET: [s], POST: [t] }, /**: { POST: public } }',
      ['4 POST /adm: /ADM meets /**: public'],
    ],
  ])('%s', (_, text, expected) => {
    expect(remarks('case', text)).toEqual(expected);
  });
});

describe('what is listed', () => {
  test.each<[Topic, string, readonly string[]]>([
    [
      'public',
      'rules: { /a: public, /b: { GET: public, POST: [s] } }',
      ['4 any /a: open to everybody', '4 GET HEAD /b: open to everybody'],
    ],
    [
      'methods-unnamed',
      'rules: { /a: { GET: [s] }, /b: { GET: [s], otherwise: [t] }, /c: [s] }',
      ['4 POST PUT PATCH DELETE OPTIONS /a: denied: the path names other methods'],
    ],
    [
      'methods-unnamed',
      'rules: { /a: { GET POST PUT PATCH DELETE: [s] } }',
      ['4 OPTIONS /a: denied: the path names other methods'],
    ],
    ['methods-unnamed', 'rules: { /a: { GET POST PUT PATCH DELETE OPTIONS: [s] } }', []],
    [
      'methods-unregistered',
      'rules: { /a: { GET FETCH-ALL SUMMON: [s], PURGE: [t] }, /b: { PROPFIND REPORT QUERY: [s] } }',
      ['4 FETCH-ALL SUMMON /a: no registry has this method: is it spelled as clients send it?'],
    ],
    [
      'report-mode',
      'mode: report\nrules: { /a: [s] }',
      ['- a.example.com: sessions that lack scopes, or meet no rule, pass and are logged as would-deny'],
    ],
    [
      'scopes-unasked',
      'login: { scopes: [openid, s], ask: listed }\nrules: { /a: [s], /b: [t] }',
      ['- t: of x: asked for by the first page that needs them, not at sign-in'],
    ],
    ['scopes-unasked', 'login: { scopes: [openid], ask: rules }\nrules: { /a: [s] }', []],
    [
      'scopes-unasked',
      'credentials: [bearer]\nlogin: { scopes: [openid], ask: listed }\nrules: { /a: [s] }',
      [],
    ],
  ])('%s: %s', (topic, text, expected) => {
    expect(remarks(topic, text)).toEqual(expected);
  });

  test('is one remark, however many rules beat it', () => {
    const paths = Array.from(
      { length: 3000 },
      (_, i) => `  /area${i % 60}/p${i}/**: ${i % 3 === 0 ? 'deny' : '[s]'}`,
    );
    const many = remarks('deny-beaten', `rules:\n  /*/**: deny\n${paths.join('\n')}`);
    expect(many).toHaveLength(1);
  });
});
