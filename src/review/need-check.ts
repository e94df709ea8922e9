import { decide } from '../rules/decide.ts';
import { type Rule, type TokenNeed, tokenNeed } from '../rules/rule.ts';
import type { AccessToken } from '../token/access-token.ts';
import { durationText } from './need-text.ts';

/** One part of a need, and whether the token meets it. */
export interface NeedPart {
  readonly part: 'audience' | 'all' | 'any' | 'acr' | 'loginWithin';
  /** What is asked for. */
  readonly text: string;
  readonly met: boolean;
}

/** Holds a token against each part of a need on its own, by `decide` itself, so that the parts cannot tell another story. */
export function checkNeed(need: TokenNeed, token: AccessToken | undefined, now: number): readonly NeedPart[] {
  const { audiences, allOf, anyOf, acr, loginWithin } = need;
  const meets = (part: TokenNeed, held: AccessToken | undefined): boolean => {
    const rule: Rule = { id: '', path: '', method: undefined, need: part };
    return decide(rule, held, now).permit;
  };
  // All but the audience is judged as if that held.
  const withAudience = token === undefined ? undefined : { ...token, audiences: BARE.audiences };
  const only = (part: Partial<TokenNeed>): boolean => meets({ ...BARE, ...part }, withAudience);
  return [
    { part: 'audience', text: audiences.join(' or '), met: meets({ ...BARE, audiences }, token) },
    ...allOf.map((scope): NeedPart => ({ part: 'all', text: scope, met: only({ allOf: [scope] }) })),
    ...(anyOf.length === 0 ? [] : [{ part: 'any' as const, text: anyOf.join(' or '), met: only({ anyOf }) }]),
    ...(acr.length === 0 ? [] : [{ part: 'acr' as const, text: acr.join(' or '), met: only({ acr }) }]),
    ...(loginWithin === undefined
      ? []
      : [{ part: 'loginWithin' as const, text: durationText(loginWithin), met: only({ loginWithin }) }]),
  ];
}

const BARE = tokenNeed(['any']);
