import { describe, expect, test } from '@jest/globals';
import { runRules, SHOP } from './_rules.ts';

const rulesOf = (more: string, head = ''): Record<string, string> => ({
  'a.yaml': `app: a\nhosts: [a.example.com]\naudience: x\n${head}rules:\n${more}`,
});

describe('check', () => {
  test('passes where nothing is wrong, and says how the tests went', async () => {
    const { code, out, err } = await runRules(['check']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('tests          3 of 3 tests passed\n');
    expect(out).toContain('Everything loads. Start it with: postern serve\n');
  });

  test('fails with a test', async () => {
    const files = { 'shop.yaml': SHOP.replace('expect: permit', 'expect: deny') };
    const { code, out } = await runRules(['check'], { files });
    expect(code).toBe(1);
    expect(out).toContain(
      'rules/shop.yaml:16: GET shop.example.com/api/orders/7, with orders:read\n    expected  deny\n',
    );
    expect(out).toContain('Everything loads, but: 1 test failed.\n');
    const json = JSON.parse((await runRules(['check'], { files, json: true })).out);
    expect(json).toMatchObject({ ok: false, tests: { failures: 1 }, findings: [] });
  });

  test('finds a deny that a more literal permit beats, until a test says that it is meant', async () => {
    const rules = '  /admin/**: deny\n  /admin/health: public\n';
    const { code, out } = await runRules(['check'], { files: rulesOf(rules) });
    expect(code).toBe(1);
    expect(out.replaceAll(/\n +/g, ' ')).toContain(
      'rules/a.yaml:5: `/admin/**` is denied, but `/admin/health` is more literal and wins: GET /admin/health meets /admin/health. -> if that is meant, say so with a test: { request: GET /admin/health, expect: public }; else deny it there too',
    );
    expect(out).toContain('Everything loads, but: 1 finding.\n');
    const tested = `${rules}tests: [{ request: GET /admin/health, expect: public }]`;
    expect(await runRules(['check'], { files: rulesOf(tested) })).toMatchObject({ code: 0 });
  });

  test.each([
    ['public areas', '  /: public', '', 'open to everybody\n  a  any /  rules/a.yaml:5\n'],
    ['report mode', '  /: [s]', 'mode: report\n', 'apps in report mode\n  a  a.example.com  sessions'],
    [
      'methods nobody named',
      '  /: { GET: [s], PUT: [s] }',
      '',
      'naming others\n  a  POST PATCH DELETE /  rules/a.yaml:5\n',
    ],
    [
      'another case',
      '  /adm: [s]\n  /**: authenticated',
      '',
      'a  any /adm  /ADM meets /**: authenticated  rules/a.yaml:5\n',
    ],
    [
      'scopes never asked for',
      '  /: [s]',
      'login: { scopes: [openid], ask: listed }\n',
      'a  s  of x: asked for by the first page',
    ],
  ])('lists for review: %s', async (_, rules, head, text) => {
    const { code, out } = await runRules(['check'], { files: rulesOf(rules, head) });
    expect(code).toBe(0);
    expect(out).toContain('for review: ');
    expect(out).toContain(text);
  });

  test('shows some of many, and all as JSON', async () => {
    const files = rulesOf(Array.from({ length: 40 }, (_, i) => `  /p${i}: public`).join('\n'));
    const { out } = await runRules(['check'], { files });
    expect(out).toContain('  and 28 more: postern check --json has all\n');
    const { review } = JSON.parse((await runRules(['check'], { files, json: true })).out);
    expect(review).toHaveLength(40);
    expect(review[0]).toEqual({
      topic: 'public',
      level: 'review',
      app: 'a',
      place: './rules/a.yaml:5',
      subject: 'any /p0',
      message: 'open to everybody',
    });
  });
});
