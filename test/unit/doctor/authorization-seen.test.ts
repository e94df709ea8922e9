import { describe, expect, test } from '@jest/globals';
import { readAuthorizationAnswer } from '../../../src/doctor/authorization-seen.ts';

const URI = 'https://shop.example.com/_auth/callback';
const ENDPOINT = 'https://id.example.com/authorize';

const read = (status: number, rest: { location?: string; body?: string }) =>
  readAuthorizationAnswer(
    {
      status,
      headers: rest.location === undefined ? {} : { location: rest.location },
      body: rest.body ?? '',
    },
    URI,
    ENDPOINT,
  );

describe('an answer of the authorization endpoint', () => {
  test.each<[string, number, string, object]>([
    [
      'an error at the redirect URI',
      303,
      `${URI}?error=login_required&error_description=End-User+authentication+is+required&iss=https%3A%2F%2Fid.example.com`,
      {
        kind: 'returned',
        error: 'login_required',
        description: 'End-User authentication is required',
        iss: 'https://id.example.com',
      },
    ],
    [
      'a code at the redirect URI',
      302,
      `${URI}?code=never-shown`,
      { kind: 'returned', error: undefined, description: '', iss: undefined },
    ],
    [
      'its own page to sign in at',
      302,
      '/login?state=x',
      { kind: 'went-on', where: 'https://id.example.com/login', description: '' },
    ],
    [
      'a redirect URI that only begins alike',
      302,
      `${URI}EVIL?error=login_required`,
      { kind: 'refused', status: 302, description: '' },
    ],
    [
      'its own error page',
      302,
      '/error?error=invalid_request&error_description=redirect_uri+mismatch',
      { kind: 'unregistered', status: 302, description: 'redirect_uri mismatch' },
    ],
    ['nowhere', 302, '', { kind: 'went-on', where: ENDPOINT, description: '' }],
    ['something that is no address', 302, 'https://[', { kind: 'broken', status: 302, description: '' }],
  ])('%s', (_, status, location, expected) => {
    expect(read(status, { location })).toEqual(expected);
  });

  test.each<[string, number, string, object]>([
    [
      'oidc-provider',
      400,
      "<html><h1>invalid_redirect_uri</h1><p>redirect_uri did not match any of the client's registered redirect_uris</p>",
      { kind: 'unregistered', description: 'invalid_redirect_uri' },
    ],
    [
      'Keycloak',
      400,
      '<style>p{}</style><p class="instruction">Invalid parameter: redirect_uri</p>',
      { kind: 'unregistered', description: 'Invalid parameter: redirect_uri' },
    ],
    [
      'Auth0',
      403,
      '<p>Callback URL mismatch.</p>',
      { kind: 'unregistered', description: 'Callback URL mismatch.' },
    ],
    [
      'Entra',
      200,
      '<div>AADSTS50011: The reply URL specified in the request does not match</div>',
      {
        kind: 'unregistered',
        description: 'AADSTS50011: The reply URL specified in the request does not match',
      },
    ],
    [
      'another client',
      400,
      '{"error":"invalid_client","error_description":"client is invalid"}',
      {
        kind: 'unknown-client',
        description: '{"error":"invalid_client","error_description":"client is invalid"}',
      },
    ],
    ['anything else', 403, '<p>No.</p>', { kind: 'refused', description: '' }],
    ['a server that is down', 502, 'redirect_uri', { kind: 'broken', description: '' }],
  ])('an error page: %s', (_, status, body, expected) => {
    expect(read(status, { body })).toEqual({ status, ...expected });
  });

  test('a page to sign in at that holds the redirect URI in a link is no error', () => {
    const body = `<form action="/login?redirect_uri=${encodeURIComponent(URI)}&client_id=shop"><label>Password</label></form>`;
    expect(read(200, { body })).toEqual({
      kind: 'went-on',
      where: 'a page with status 200',
      description: '',
    });
  });
});
