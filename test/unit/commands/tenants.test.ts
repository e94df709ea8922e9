import { describe, expect, test } from '@jest/globals';
import { runRules } from './_rules.ts';

const HOSTED = `app: shop
hosts: ["{tenant}.shop.example.com"]
audience: https://{tenant}.api.example.com
rules:
  /:          public
  /orders/**: [read]
  /ops/**:    { audience: "ops:{tenant}", all: [ops] }
tests:
  - { request: GET /orders/7, scopes: [read], expect: permit }
  - { request: GET /orders/7, host: acme.shop.example.com, scopes: [read], expect: permit }
  - { request: GET /orders/7, host: acme.shop.example.com, audience: https://acme.api.example.com, scopes: [read], expect: permit }
  - { request: GET /orders/7, host: acme.shop.example.com, audience: https://globex.api.example.com, scopes: [read], expect: forbidden }
  - { request: GET /ops, audience: "ops:{tenant}", scopes: [ops], expect: permit }
`;
const PATHED = `app: shop
hosts: [shop.example.com]
audience: https://{tenant}.api.example.com
rules:
  /*/public:    public
  /*/orders/**: [read]
tests:
  - { request: GET /acme/public, expect: public }
  - { request: GET /ACME/orders/7, scopes: [read], expect: permit }
  - { request: GET /acme/orders/7, audience: https://globex.api.example.com, scopes: [read], expect: forbidden }
  - { request: GET /a.evil/orders/7, scopes: [read], expect: deny }
`;
const BY_HOST = 'tenants: { list: [acme] }';
const BY_PATH = 'tenants: { in: path, list: [acme] }';

describe('rules with tenants', () => {
  test.each([
    ['by host, alone', HOSTED, undefined],
    ['by host', HOSTED, BY_HOST],
    ['by path, alone', PATHED, undefined],
    ['by path', PATHED, BY_PATH],
  ])('pass their tests, whoever is listed: %s', async (_, text, config) => {
    const { code, out } = await runRules(['test'], { files: { 'shop.yaml': text }, config });
    expect(out).toMatch(/All|passed/);
    expect(code).toBe(0);
  });

  test.each([
    [HOSTED, BY_HOST],
    [PATHED, BY_PATH],
  ])('are checked against the configuration: %#', async (text, config) => {
    const files = { 'shop.yaml': text };
    expect((await runRules(['check'], { files, config })).err).toBe('');
    const without = await runRules(['check'], { files });
    expect([without.code, without.err]).toEqual([
      1,
      expect.stringContaining('The app `shop` has `{tenant}`, and the configuration has no tenants.'),
    ]);
  });

  test('are shown with their templates', async () => {
    const { out } = await runRules(['table'], { files: { 'shop.yaml': HOSTED }, config: BY_HOST });
    expect(out).toContain('audience https://{tenant}.api.example.com');
    expect(out).toContain('{ audience: ops:{tenant}, all: [ops] }');
  });

  test.each([
    [HOSTED, BY_HOST, 'https://acme.shop.example.com/orders/7', 'acme', 'permit'],
    [HOSTED, BY_HOST, 'https://globex.shop.example.com/orders/7', null, 'deny'],
    [HOSTED, undefined, 'https://globex.shop.example.com/orders/7', 'globex', 'permit'],
    [PATHED, BY_PATH, 'https://shop.example.com/Acme/orders/7', 'acme', 'permit'],
    [PATHED, BY_PATH, 'https://shop.example.com/globex/orders/7', null, 'deny'],
    [PATHED, BY_PATH, 'https://shop.example.com/globex/public', null, 'public'],
    [PATHED, BY_PATH, 'https://shop.example.com/acme/_auth/me', 'acme', 'own-page'],
  ])('are explained: case %#', async (text, config, address, tenant, outcome) => {
    const asked = { files: { 'shop.yaml': text }, config, json: true, values: { scopes: 'read' } };
    const { code, out } = await runRules(['explain', address], asked);
    expect(code).toBe(0);
    const told = JSON.parse(out) as Record<string, unknown>;
    expect(told).toMatchObject({ outcome, app: { tenant } });
    if (tenant !== null && outcome === 'permit')
      expect(told['caller']).toMatchObject({ audiences: [`https://${tenant}.api.example.com`] });
  });

  test('ask a login for the audience of the tenant', async () => {
    const asked = { files: { 'shop.yaml': PATHED }, config: BY_PATH };
    const { out } = await runRules(['explain', 'https://shop.example.com/acme/orders/7'], asked);
    expect(out).toContain('resource=https%3A%2F%2Facme.api.example.com');
  });
});
