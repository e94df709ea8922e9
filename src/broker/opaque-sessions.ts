import type { App } from '../rules/rule-set.ts';
import type { LiveSession, SessionToken } from '../session/session.ts';
import type { AccessToken, TokenRefusal } from '../token/access-token.ts';
import { isOpaque } from '../token/introspected-token.ts';
import { isRefusal } from '../token/validate-access-token.ts';
import type { Introspections } from './introspection.ts';

/** The opaque access tokens of sessions: nothing in them can be read, so their issuer is asked for as long as they are used. */
export interface OpaqueSessions {
  /**
   * The session with its opaque tokens. While the issuer does not answer, what it said last holds until the end that it named:
   * nobody is signed out by an outage.
   * @returns a refusal where nothing is known of one of them
   */
  opened(live: LiveSession, app: App): LiveSession | TokenRefusal | Promise<LiveSession | TokenRefusal>;
  /** The same by what is at hand: no call is made. */
  known(live: LiveSession, app: App): LiveSession;
}

/** @returns whether a session has an opaque token for one of the audiences, whatever its issuer says of it now. */
export const holdsOpaque = ({ session }: LiveSession, audiences: readonly string[]): boolean =>
  session.tokens.some(({ audience, raw }) => audiences.includes(audience) && isOpaque(raw));

export function createOpaqueSessions(introspections: Introspections): OpaqueSessions {
  const withTokens = (
    live: LiveSession,
    read: readonly (AccessToken | TokenRefusal | undefined)[],
  ): LiveSession | TokenRefusal => {
    const tokens = read.filter((one) => one !== undefined);
    const unknown = tokens.filter(isRefusal).find(({ reason }) => reason === 'introspection-unavailable');
    if (unknown !== undefined) return unknown;
    const active = tokens.filter((one): one is AccessToken => !isRefusal(one));
    return { session: live.session, tokens: [...live.tokens, ...active] };
  };
  const opaqueOf = ({ session }: LiveSession): readonly SessionToken[] =>
    session.tokens.filter(({ raw }) => isOpaque(raw));

  return {
    opened(live, app) {
      const opaque = opaqueOf(live);
      if (opaque.length === 0) return live;
      const read = opaque.map(({ raw }) => introspections.read(raw, app, { orLast: true }));
      if (!read.some((one) => one instanceof Promise))
        return withTokens(live, read as (AccessToken | TokenRefusal | undefined)[]);
      return Promise.all(read).then((all) => withTokens(live, all));
    },
    known(live, app) {
      const opaque = opaqueOf(live);
      if (opaque.length === 0) return live;
      const whole = withTokens(
        live,
        opaque.map(({ raw }) => introspections.known(raw, app)),
      );
      return isRefusal(whole as never) ? live : (whole as LiveSession);
    },
  };
}
