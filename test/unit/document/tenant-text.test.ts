import { describe, expect, test } from '@jest/globals';
import { fillTenant, fitsForm, isTenantKey, parseTenantForm } from '../../../src/document/tenant-text.ts';

const GUID = '3b9b6a1e-0c4e-4a63-9d0b-0d6f0e2f1c11';

describe('a tenant', () => {
  test.each(['acme', 'a', '7', 'acme-2', GUID, 'x'.repeat(63)])('is %s', (text) => {
    expect(isTenantKey(text)).toBe(true);
  });
  test.each([
    '',
    'ACME',
    'a.evil',
    'a/b',
    '%2e',
    '..',
    'acme\n',
    ' acme',
    'acmé',
    'acme_',
    '{tenant}',
    'a b',
    'x'.repeat(64),
  ])('is not %j', (text) => {
    expect(isTenantKey(text)).toBe(false);
  });
});

describe('a form', () => {
  test.each([
    ['[a-z0-9-]{1,40}', ['acme', 'a-1', '-'], ['', 'ACME', 'a.b', 'a'.repeat(41), 'é']],
    ['[0-9a-f-]{36,36}', [GUID], ['acme', `${GUID}0`]],
    ['[abc]{2,2}', ['ab', 'cc'], ['a', 'abc', 'ad', 'a-']],
    ['[a-cx-z-]{1,3}', ['ay-'], ['d', 'm']],
    ['[-]{1,2}', ['--'], ['a']],
  ])('%s', (text, members, others) => {
    const form = parseTenantForm(text);
    if (form === undefined) throw new Error('no form');
    expect(members.filter((one) => !fitsForm(form, one))).toEqual([]);
    expect(others.filter((one) => fitsForm(form, one))).toEqual([]);
  });

  test.each([
    '',
    '.*',
    '[a-z]+',
    '[a-z]*',
    '[a-z]{1,}',
    '[a-z]{1}',
    '[a-z]{0,3}',
    '[a-z]{3,2}',
    '[a-z]{1,64}',
    '[a-z]{1,400}',
    '[]{1,2}',
    '[^a]{1,2}',
    '[A-Z]{1,2}',
    '[a-Z]{1,2}',
    '[z-a]{1,2}',
    '[a-9]{1,2}',
    '[\\w]{1,2}',
    '[a.]{1,2}',
    '[a_]{1,2}',
    '[a--]{1,2}',
    '[--a]{1,2}',
    '^[a]{1,2}$',
    '[a]{1,2}|b',
    '([a]{1,2})',
    ' [a]{1,2}',
    '[a]{1,2}\n',
    '[a-z]{1,2}[a]{1,2}',
  ])('is not %j', (text) => {
    expect(parseTenantForm(text)).toBeUndefined();
  });
});

test('is filled in everywhere, as it stands', () => {
  expect(fillTenant('https://{tenant}.x/{tenant}/{Tenant}', 'a-1')).toBe('https://a-1.x/a-1/{Tenant}');
});
