import { expect, test } from '@jest/globals';
import { type CallbackParts, createCallback } from '../../../src/login/callback.ts';
import type { LoginEnd } from '../../../src/login/login-memory.ts';
import { type OAuthErrorCode, ProviderError } from '../../../src/oidc/provider-error.ts';
import { START } from '../../contract/session-store.contract.ts';
import { appVisitOf } from '../../support/requests.ts';

/** A callback whose `state` names the provider of its transaction: `<provider>-<anything>`. */
function begin(redeem: () => Promise<never>) {
  const remembered: LoginEnd[] = [];
  const contentOf = (state: string) => ({
    ...{ id: state, provider: state.split('-')[0], audience: 'api', scopes: ['read'] },
    ...{ returnTo: '/x', startedAt: START, attempt: 0 },
  });
  const parts = {
    providerOf: () => ({ config: { name: 'slow' }, identityProvider: { redeem } }),
    transactions: {
      openState: contentOf,
      find: (content: { id: string }) => ({ id: content.id, state: content }),
      end: () => [],
    },
    memory: {
      read: () => [],
      remember: (_host: string, _cookies: unknown, _before: unknown, end: LoginEnd) => {
        remembered.push(end);
        return [];
      },
    },
    sessionOf: () => undefined,
    now: () => START,
  } as unknown as CallbackParts;
  const callback = createCallback(parts);
  const come = (state: string) => callback(appVisitOf(`GET shop.example.com/_auth/callback?state=${state}`));
  return { come, remembered };
}

test('a silent provider ties up no more than so many callbacks, and none of another provider', async () => {
  const answer = Promise.withResolvers<never>();
  const { come } = begin(() => answer.promise);
  const held = Array.from({ length: 100 }, (_, at) => come(`slow-${at}`));
  expect(await come('slow-100')).toMatchObject({ reason: 'provider-unavailable' });
  // Not that of the app any more: what matters is that it is looked at.
  expect(await come('other-1')).toMatchObject({ reason: 'callback-issuer' });
  answer.reject(new ProviderError('provider-unavailable', 'silent'));
  await Promise.all(held);
  expect(await come('slow-101')).toMatchObject({
    reason: 'provider-unavailable',
    facts: { cause: 'silent' },
  });
});

test.each<[reason: 'provider-unavailable' | 'provider-refused', error: OAuthErrorCode, remembered: number]>([
  ['provider-unavailable', 'server_error', 0],
  ['provider-refused', 'access_denied', 1],
])('a login that ended with %s (%s) is remembered %i times', async (reason, providerError, times) => {
  const { come, remembered } = begin(async () => {
    throw new ProviderError(reason, 'no', { providerError });
  });
  expect(await come('slow-1')).toMatchObject({ reason });
  expect(remembered).toHaveLength(times);
});
