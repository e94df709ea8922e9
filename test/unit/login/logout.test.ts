import { expect, test } from '@jest/globals';
import { createLogout } from '../../../src/login/logout.ts';
import type { SessionStore } from '../../../src/session/session-store.ts';
import { sessionOf } from '../../contract/session-store.contract.ts';
import { appVisitOf } from '../../support/requests.ts';

test.each<[of: string, hint: string | undefined, revokedThere: number]>([
  ['main', 'the-id-token', 1],
  ['former', undefined, 0],
])(
  'a session of the provider %s ends here; the provider of the app is told of its own only',
  async (of, hint, there) => {
    const session = sessionOf({ provider: of, idToken: 'the-id-token' });
    const ended: unknown[] = [];
    const hints: unknown[] = [];
    let revoked = 0;
    const logout = createLogout(
      () =>
        ({
          config: { name: 'main', issuer: 'https://id.example.com' },
          identityProvider: {
            revoke: async () => {
              revoked += 1;
              return { kind: 'revoked' };
            },
            endSessionUrl: async ({ idTokenHint }: { idTokenHint?: string }) => {
              hints.push(idTokenHint);
              return undefined;
            },
          },
        }) as never,
      { whole: async () => session },
      { revoke: async (...call: unknown[]) => void ended.push(call) } as unknown as SessionStore,
      { forget: () => [] } as never,
      {
        notRevoked: (issuer, cause) => {
          throw new Error(`${issuer}: ${cause}`);
        },
        failed: (error) => {
          throw error;
        },
      },
    );
    const reply = await logout(appVisitOf('POST shop.example.com/_auth/logout'));
    expect(reply).toMatchObject({ status: 303, reason: 'logged-out' });
    expect(ended).toEqual([[session.id, session.expiresAt, 'ended']]);
    expect([hints, revoked]).toEqual([[hint], there]);
  },
);
