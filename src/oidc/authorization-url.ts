import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ProviderConfig } from '../config/config.ts';
import type { AuthorizationRequest } from './identity-provider.ts';

/** @returns the URL of an authorization request (OpenID Connect Core section 3.1.2.1) with PKCE S256. */
export type AuthorizationUrl = (request: AuthorizationRequest) => string;

/** Kinds of request that are remembered: an app, an audience and the scopes for it make one. */
const KINDS = 200;

/**
 * Most logins ask for the same and differ in state, nonce and code challenge only: the URL up to there is built once.
 * @param build adds the parameters, and those of the client, to the provider's endpoint
 */
export function createAuthorizationUrl(
  audienceParameter: ProviderConfig['audienceParameter'],
  build: (parameters: URLSearchParams) => URL,
): AuthorizationUrl {
  const beginnings = new LRUCache<string, string>({ max: KINDS });

  function begin({ redirectUri, scopes, audiences, prompt }: AuthorizationRequest): string {
    const parameters = new URLSearchParams({
      redirect_uri: redirectUri,
      scope: [...new Set(['openid', ...scopes])].join(' '),
      code_challenge_method: 'S256',
    });
    if (audienceParameter !== 'none') {
      for (const audience of audiences) parameters.append(audienceParameter, audience);
    }
    if (prompt !== undefined) parameters.set('prompt', prompt);
    const url = build(parameters);
    url.hash = ''; // RFC 6749 section 3.1: the endpoint has none
    return url.href;
  }

  return (request) => {
    const { redirectUri, scopes, audiences, prompt } = request;
    const kind = JSON.stringify([redirectUri, scopes, audiences, prompt]);
    let beginning = beginnings.get(kind);
    if (beginning === undefined) {
      beginning = begin(request);
      beginnings.set(kind, beginning);
    }
    const state = encodeURIComponent(request.state);
    const nonce = encodeURIComponent(request.nonce);
    const challenge = hash('sha256', request.codeVerifier, 'base64url');
    return `${beginning}&state=${state}&nonce=${nonce}&code_challenge=${challenge}`;
  };
}
