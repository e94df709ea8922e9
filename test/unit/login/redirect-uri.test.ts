import { describe, expect, test } from '@jest/globals';
import type { LoginUrl } from '../../../src/config/config.ts';
import { acrValuesOf, redirectUri } from '../../../src/login/redirect-uri.ts';

const LOGIN: LoginUrl = {
  origin: 'https://login.example.com',
  host: 'login.example.com',
  scheme: 'https',
  port: 443,
};
const BY_HOST = 'https://{tenant}.example.com/_auth/callback';
const BY_PATH = 'https://app.example.com/{tenant}/_auth/callback';
const STATIC = 'https://app.example.com/_auth/callback';

describe('the redirect URI', () => {
  test.each([
    [undefined, '', undefined, 'https://asked.example.com/_auth/callback'],
    [undefined, 'acme', undefined, 'https://asked.example.com/_auth/callback'],
    [undefined, 'acme', LOGIN, 'https://login.example.com/_auth/callback'],
    [BY_HOST, 'acme', undefined, 'https://acme.example.com/_auth/callback'],
    [BY_HOST, '', undefined, 'https://asked.example.com/_auth/callback'],
    [BY_PATH, 'acme', undefined, 'https://app.example.com/acme/_auth/callback'],
    [STATIC, 'acme', undefined, STATIC],
    [STATIC, '', undefined, STATIC],
  ])('of %s for the tenant "%s"', (template, tenant, loginUrl, expected) => {
    const visit = { origin: { origin: 'https://asked.example.com' }, basePath: '/_auth', tenant };
    expect(redirectUri(visit, { redirectUri: template }, loginUrl)).toBe(expected);
  });
});

describe('acr_values', () => {
  test.each([
    [undefined, undefined, 'acme', []],
    ['tenant:{tenant}', undefined, 'acme', ['tenant:acme']],
    ['tenant:{tenant}', STATIC, 'acme', ['tenant:acme']],
    ['tenant:{tenant}', BY_HOST, 'acme', []],
    ['tenant:{tenant}', BY_PATH, 'acme', []],
    ['tenant:{tenant}', undefined, '', []],
    ['urn:mfa', undefined, '', ['urn:mfa']],
    ['urn:mfa', STATIC, 'acme', ['urn:mfa']],
    ['idp:google tenant:{tenant}', undefined, 'acme', ['idp:google', 'tenant:acme']],
  ])('of %s beside %s for the tenant "%s"', (acrValues, template, tenant, expected) => {
    expect(acrValuesOf({ acrValues, redirectUri: template }, tenant)).toEqual(expected);
  });
});
