import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ProviderConfig } from '../config/config.ts';
import type { AuthorizationRequest } from './identity-provider.ts';
import { OFFLINE, scopeSpelling } from './scope-spelling.ts';

/** @returns the URL of an authorization request (OpenID Connect Core section 3.1.2.1) with PKCE S256. */
export type AuthorizationUrl = (request: AuthorizationRequest) => string;

/** Kinds of request that are remembered: an app, an audience and the scopes for it make one. */
const KINDS = 200;

/** What every authorization request to a provider has in common. */
export type AuthorizationTerms = Pick<
  ProviderConfig,
  | 'audienceParameter'
  | 'offlineConsent'
  | 'scopeTemplate'
  | 'authorizationParameters'
  | 'prompt'
  | 'uiLocales'
> & {
  /** Whether access tokens are refreshed. */
  readonly refresh: boolean;
};

/**
 * Most logins ask for the same and differ in state, nonce and code challenge only: the URL up to there is built once.
 * @param build adds the parameters, and those of the client, to the provider's endpoint
 */
export function createAuthorizationUrl(
  terms: AuthorizationTerms,
  build: (parameters: URLSearchParams) => URL,
): AuthorizationUrl {
  const { audienceParameter, offlineConsent, refresh, authorizationParameters, uiLocales } = terms;
  const spell = scopeSpelling(terms);
  const beginnings = new LRUCache<string, string>({ max: KINDS });

  function begin(request: AuthorizationRequest): string {
    const { redirectUri, scopes, audiences, prompt, acrValues, maxAge } = request;
    const parameters = new URLSearchParams({
      ...authorizationParameters,
      redirect_uri: redirectUri,
      scope: scopesOf(scopes.map((scope) => spell(audiences[0] ?? '', scope))).join(' '),
      code_challenge_method: 'S256',
    });
    if (audienceParameter !== 'none') {
      // RFC 8707 section 2 lets `resource` be repeated; `audience` is a parameter like any other.
      const named = audienceParameter === 'resource' ? audiences : audiences.slice(0, 1);
      for (const audience of named) parameters.append(audienceParameter, audience);
    }
    const prompts = promptOf(prompt);
    if (prompts !== undefined) parameters.set('prompt', prompts);
    if (acrValues !== undefined) parameters.set('acr_values', acrValues.join(' '));
    if (maxAge !== undefined) parameters.set('max_age', String(maxAge));
    if (uiLocales !== undefined) parameters.set('ui_locales', uiLocales.join(' '));
    const url = build(parameters);
    url.hash = ''; // RFC 6749 section 3.1: the endpoint has none
    return url.href;
  }

  /** OpenID Connect Core section 11: `offline_access` is what a refresh token is asked for with, and nothing else. */
  function scopesOf(scopes: readonly string[]): readonly string[] {
    const others = scopes.filter((scope) => scope !== OFFLINE);
    return [...new Set(['openid', ...others, ...(refresh ? [OFFLINE] : [])])];
  }

  /**
   * A login without a page asks for none. Else what is configured, what this login is for, and consent to `offline_access`,
   * as the same section wants it.
   */
  function promptOf(prompt: string | undefined): string | undefined {
    if (prompt === 'none') return prompt;
    const offline = refresh && offlineConsent ? ['consent'] : [];
    const all = [terms.prompt, prompt, ...offline].filter((one) => one !== undefined);
    return all.length === 0 ? undefined : [...new Set(all)].join(' ');
  }

  return (request) => {
    const { redirectUri, scopes, audiences, prompt, acrValues, maxAge } = request;
    const kind = JSON.stringify([redirectUri, scopes, audiences, prompt, acrValues, maxAge]);
    let beginning = beginnings.get(kind);
    if (beginning === undefined) {
      beginning = begin(request);
      beginnings.set(kind, beginning);
    }
    const state = encodeURIComponent(request.state);
    const nonce = encodeURIComponent(request.nonce);
    const challenge = hash('sha256', request.codeVerifier, 'base64url');
    const { idTokenHint: hint } = request;
    const hinted = hint === undefined ? '' : `&id_token_hint=${encodeURIComponent(hint)}`;
    return `${beginning}&state=${state}&nonce=${nonce}&code_challenge=${challenge}${hinted}`;
  };
}
