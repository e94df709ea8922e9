import { describe, expect, test } from '@jest/globals';
import { parseTenantForm } from '../../../src/document/tenant-text.ts';
import {
  anyTenants,
  createTenants,
  type TenantTerms,
  tenantOfPath,
  tenantPlace,
} from '../../../src/rules/tenancy.ts';
import { ruleAsWritten } from '../../../src/rules/tenant-app.ts';
import { ruleSetOf } from '../../support/requests.ts';

const RULES = ruleSetOf(
  `
app: hosted
hosts: ["{tenant}.a.de"]
audience: ["https://{tenant}.api", "urn:{tenant}:{tenant}"]
issuers: ["https://id.example.com/{tenant}"]
rules:
  /: public
  /own/**: [read]
  /ops/**: { audience: "ops:{tenant}", all: [ops] }
  /shared/**: { audience: shared, all: [see] }
`,
  'app: plain\nhosts: [b.de]\naudience: x\nprovider: second\nrules: { "/**": authenticated }',
  'app: pathed\nhosts: [c.de]\naudience: "{tenant}"\nrules: { "/*/**": authenticated }',
);
const [hosted, plain, pathed] = RULES.apps as [
  (typeof RULES.apps)[0],
  (typeof RULES.apps)[0],
  (typeof RULES.apps)[0],
];
const termsOf = (parts: Partial<TenantTerms> = {}): TenantTerms => ({
  in: 'path',
  providers: [],
  onlyProvider: undefined,
  ...parts,
});

describe('an app as a tenant has it', () => {
  const acme = RULES.forTenant(hosted, 'acme');
  test('holds no placeholder', () => {
    expect(acme).toMatchObject({
      name: 'hosted',
      tenant: 'acme',
      audiences: ['https://acme.api', 'urn:acme:acme'],
      issuers: ['https://id.example.com/acme'],
    });
    expect([...acme.scopesByAudience]).toEqual([
      ['https://acme.api', ['read']],
      ['ops:acme', ['ops']],
      ['shared', ['see']],
    ]);
    expect(hosted.audiences[0]).toBe('https://{tenant}.api');
  });

  test('is the same again, and another one for another tenant', () => {
    expect(RULES.forTenant(hosted, 'acme')).toBe(acme);
    expect(RULES.forTenant(acme, 'acme')).toBe(acme);
    expect(RULES.forTenant(acme, '')).toBe(hosted);
    expect(RULES.forTenant(acme, 'globex')).toMatchObject({ tenant: 'globex' });
    expect(RULES.forTenant(plain, 'acme')).not.toBe(acme);
  });

  test.each([
    [
      ['own', '1'],
      ['https://acme.api', 'urn:acme:acme'],
    ],
    [['ops'], ['ops:acme']],
    [['shared'], ['shared']],
  ])('has its own rule at %j, made once', (path, audiences) => {
    const match = RULES.match(acme, 'GET', path);
    const written = RULES.match(hosted, 'GET', path);
    if (match.kind !== 'rule' || written.kind !== 'rule') throw new Error('no rule');
    expect(match.app).toBe(acme);
    expect(match.rule.need).toMatchObject({ audiences });
    expect(RULES.match(acme, 'GET', path)).toBe(match);
    expect(ruleAsWritten(match.rule)).toBe(written.rule);
  });

  test('has no rule where none is', () => {
    expect(RULES.match(acme, 'GET', ['nothing'])).toEqual({ kind: 'none', app: acme, reason: 'no-rule' });
  });
});

test.each([
  [hosted, undefined, 'host'],
  [plain, undefined, undefined],
  [pathed, undefined, 'path'],
  [hosted, termsOf({ in: 'host' }), 'host'],
  [plain, termsOf({ in: 'host', providers: ['second'] }), undefined],
  [plain, termsOf(), undefined],
  [plain, termsOf({ providers: ['second'] }), 'path'],
  [plain, termsOf({ providers: ['first'] }), undefined],
  [pathed, termsOf({ providers: ['first'], onlyProvider: 'first' }), 'path'],
])('case %#: an app has its tenant in the %p', (app, terms, place) => {
  expect(tenantPlace(app, terms)).toBe(place);
});

test.each([
  [[['acme', 'x']], 'acme'],
  [[['ACME']], 'acme'],
  [[['a-1'], ['a-1', 'y']], 'a-1'],
  [[['a'], ['b']], ''],
  [[], ''],
  [[[]], ''],
  [[['a.evil']], ''],
  [[['%2e']], ''],
  [[['']], ''],
  [[['{tenant}']], ''],
  [[['\u212Aacme']], ''],
  [[['x'.repeat(64)]], ''],
])('%j names the tenant %j', (readings, tenant) => {
  expect(tenantOfPath(readings)).toBe(tenant);
});

describe('who is a tenant', () => {
  const form = parseTenantForm('[a-z]{2,4}');
  test('those of the list alone, until it is another', () => {
    const tenants = createTenants(termsOf(), { list: ['acme'], form });
    expect(['acme', 'abc', ''].map(tenants.has)).toEqual([true, false, false]);
    tenants.replace(['abc']);
    expect(['acme', 'abc'].map(tenants.has)).toEqual([false, true]);
  });
  test('without a list, every text of the form', () => {
    const tenants = createTenants(termsOf(), { list: undefined, form });
    expect(['ab', 'abcde', 'a', 'AB', 'a-', ''].map(tenants.has)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
  test('in a review, every text that can be one', () => {
    expect(['ab', 'A', ''].map(anyTenants(undefined).has)).toEqual([true, false, false]);
  });
});
