import { expect, test } from '@jest/globals';
import { metadataAddress, resourceMetadata } from '../../../src/outcome/resource-metadata.ts';
import { appVisitOf, ruleSetOf } from '../../support/requests.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const visit = (audience: string, path = '') =>
  appVisitOf(`GET shop.example.com${WELL_KNOWN}${path}`, {
    rules: ruleSetOf(
      `app: shop\nhosts: [shop.example.com]\naudience: "${audience}"\nrules: { "/**": authenticated }`,
    ),
  });

test.each<[audience: string, address: string | undefined]>([
  ['https://shop.example.com', WELL_KNOWN],
  ['https://shop.example.com/', WELL_KNOWN],
  ['https://shop.example.com/a/b', `${WELL_KNOWN}/a/b`],
  ['https://shop.example.com/a%20b/', `${WELL_KNOWN}/a%20b`],
  ['https://shop.example.com/%zz', undefined],
  ['https://shop.example.com/a//b', undefined],
  ['https://shop.example.com/a%2Fb', undefined],
  ['https://shop.example.com/{tenant}', undefined],
  ['https://shop.example.com/a?b=c', undefined],
  ['http://shop.example.com/a', undefined],
  ['https://elsewhere.example.com/a', undefined],
  ['urn:shop', undefined],
])('the resource %s has its metadata at %s', (audience, address) => {
  const expected = address === undefined ? undefined : `https://shop.example.com${address}`;
  expect(metadataAddress(visit(audience), audience)).toBe(expected);
});

test.each<[audience: string, path: string]>([
  ['https://shop.example.com/a%20b', '/a%20b'],
  ['https://shop.example.com/a', '/a/'],
  ['https://shop.example.com', '/'],
])('that of %s is found at %s', (audience, path) => {
  expect(resourceMetadata(visit(audience, path), [])).toMatchObject({ resource: audience });
});

test('an issuer that each tenant has of its own is not named by its template', () => {
  const issuers = ['https://id.example.com/{tenant}/v2.0', 'https://partner.example.com/'];
  expect(resourceMetadata(visit('https://shop.example.com'), issuers)).toMatchObject({
    authorization_servers: ['https://partner.example.com/'],
  });
});
