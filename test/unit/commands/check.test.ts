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
    expect(json).toMatchObject({
      ok: false,
      tests: { failures: 1 },
      findings: [
        {
          topic: 'test-failed',
          level: 'finding',
          app: 'shop',
          place: 'rules/shop.yaml:16',
          subject: 'GET shop.example.com/api/orders/7, with orders:read',
          message: 'expected deny, got permit',
        },
      ],
    });
  });

  test('begins with the tests that fail, and says what becomes of them', async () => {
    const files = { 'shop.yaml': SHOP.replace('expect: permit', 'expect: deny') };
    const { out } = await runRules(['check'], { files });
    expect(out).toMatch(/^rules\/shop\.yaml:16: GET shop/);
    expect(out).toContain(`
1 test failed: with these rules postern serve does not start, and a running gateway keeps the rules
that it has.
  -> change the rule, or what the test expects
  -> why: postern rules explain GET 'https://shop.example.com/api/orders/7' --scopes 'orders:read'

configuration  `);
  });

  test('finds a deny that a more literal permit beats, until a test says that it is meant', async () => {
    const rules = '  /admin/**: deny\n  /admin/health: public\n';
    const { code, out } = await runRules(['check'], { files: rulesOf(rules) });
    expect(code).toBe(1);
    expect(out.replaceAll(/\n +/g, ' ')).toContain(
      'rules/a.yaml:5: `/admin/**` is denied, but `/admin/health` is more literal and wins: GET /admin/health meets /admin/health. -> deny it there too; or, if that is meant, say so with a test: - { request: GET /admin/health, expect: public }',
    );
    expect(out).toContain('Everything loads, but: 1 finding.\n');
    const tested = `${rules}tests: [{ request: GET /admin/health, expect: public }]`;
    expect(await runRules(['check'], { files: rulesOf(tested) })).toMatchObject({ code: 0 });
  });

  test.each([
    [
      'methods that nobody knows',
      '  /: { GET: [s], SUMMON: [s], otherwise: deny }',
      '',
      'spelled as clients send them?\n  a  SUMMON /  rules/a.yaml:5\n',
    ],
    ['public areas', '  /: public', '', 'open to everybody\n  a  any /  rules/a.yaml:5\n'],
    ['report mode', '  /: [s]', 'mode: report\n', 'apps in report mode\n  a  a.example.com  sessions'],
    [
      'methods nobody named',
      '  /: { GET: [s], PUT: [s] }',
      '',
      'naming others\n  a  POST PATCH DELETE OPTIONS /  rules/a.yaml:5\n',
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
      place: 'rules/a.yaml:5',
      subject: 'any /p0',
      message: 'open to everybody',
    });
  });

  test('checks rules alone, without a configuration', async () => {
    const alone = { config: undefined, values: { rules: 'rules' } };
    const { code, out, err } = await runRules(['check'], alone);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^configuration {2}not looked at\nrules {10}rules \(version [0-9a-f]{12}\)\ntests/);
    expect(out).toContain('app shop: shop.example.com');
    expect(out).toMatch(/\nThe rules load\.\n$/);
    const json = JSON.parse((await runRules(['check'], { ...alone, json: true })).out);
    expect(json).toMatchObject({ ok: true, config: null, configFile: null, tests: { failures: 0 } });
    const missing = await runRules(['check'], { ...alone, values: { rules: 'nowhere' } });
    expect([missing.code, missing.out]).toEqual([1, '']);
    expect(missing.err).toContain('nowhere: The rules cannot be read (ENOENT).');
  });

  test.each([
    [
      'an app',
      { 'shop.yaml': SHOP.replace('audience:', 'provider: corp\naudience:') },
      'rules/shop.yaml:3:11',
    ],
    [
      'the defaults',
      { 'shop.yaml': SHOP, '_defaults.yaml': 'login: { scopes: [openid] }\nprovider: corp\n' },
      'rules/_defaults.yaml:2:11',
    ],
  ])('says where %s names a provider that is unknown', async (_, files, place) => {
    const { code, err } = await runRules(['check'], { files });
    expect(code).toBe(1);
    expect(err).toContain(`${place}: The configuration has no provider \`corp\`.\n`);
    expect(err).toContain('provider: corp\n');
    expect(err).toContain('  -> write one of default\n');
  });
});
