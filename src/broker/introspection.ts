import type { TokenService } from '../oidc/token-service.ts';
import type { App } from '../rules/rule-set.ts';
import type { AccessToken, TokenRefusal } from '../token/access-token.ts';
import { isOpaque, readIntrospection } from '../token/introspected-token.ts';
import type { JsonObject } from '../token/json-object.ts';
import type { IssuerTrust } from '../token/validate-access-token.ts';
import { createProviderAnswers, isNoAnswer, type ProviderAnswersOptions } from './answers-of-provider.ts';

/** The one provider that an app's opaque tokens are asked about, and on what terms its answer is taken. */
export interface Introspecting {
  readonly provider: string;
  readonly service: Pick<TokenService, 'introspect'>;
  readonly trust: IssuerTrust;
}

/** Opaque access tokens, as their issuer describes them. */
export interface Introspections {
  /**
   * @param orLast while there is no answer, the last one holds
   * @returns undefined where the app's provider is not asked, or what was brought is no opaque token
   */
  read(
    raw: string,
    app: App,
    options?: { readonly orLast: boolean },
  ): AccessToken | TokenRefusal | Promise<AccessToken | TokenRefusal> | undefined;
  /** The same by what is remembered: no call is made. @returns undefined where nothing is known as well */
  known(raw: string, app: App): AccessToken | TokenRefusal | undefined;
}

export interface IntrospectionParts extends ProviderAnswersOptions {
  /** Undefined where the app's provider is not to be asked. */
  readonly introspectingOf: (app: App) => Introspecting | undefined;
}

/** Seconds: how long a token that was revoked may go on, and how long one is taken for inactive that was not issued yet. */
const LONGEST = 30;
const NEGATIVE = 10;

/** RFC 6750 section 2.1 has no limit; a longer one would only be carried about. */
const MAX_LENGTH = 4096;

/**
 * Asks the provider of an app about its opaque tokens (RFC 7662), and remembers the answer shortly. What is remembered is the
 * answer: it is read on the terms of the app at hand, and judged by time at every request.
 */
export function createIntrospections(parts: IntrospectionParts): Introspections {
  const { now, introspectingOf } = parts;
  const answers = createProviderAnswers<Answer>(parts);
  const questionOf = (raw: string, provider: string): string => `${provider} ${raw}`;

  return {
    read(raw, app, { orLast } = { orLast: false }) {
      const introspecting = introspectingOf(app);
      if (introspecting === undefined || !isOpaque(raw)) return undefined;
      if (raw.length > MAX_LENGTH) return TOO_LONG;
      const { provider, service, trust } = introspecting;
      const question = questionOf(raw, provider);
      const answer = answers.ask(question, provider, async () => {
        const said = await service.introspect(raw);
        const { active, exp } = said;
        const end = typeof exp === 'number' ? exp + trust.clockTolerance : 0;
        const until = active === true ? Math.min(end, now() + LONGEST) : 0;
        // One that has ended by its own word is inactive for us too.
        return { value: { said }, until: until > now() ? until : now() + NEGATIVE };
      });
      if (!(answer instanceof Promise)) return onTerms(answer, raw, trust, now());
      return answer.then((one) => {
        if (!isNoAnswer(one)) return onTerms(one, raw, trust, now());
        const last = orLast ? answers.last(question) : undefined;
        return last === undefined
          ? { reason: 'introspection-unavailable', detail: one.unavailable }
          : onTerms(last, raw, trust, now());
      });
    },
    known(raw, app) {
      const introspecting = introspectingOf(app);
      if (introspecting === undefined || !isOpaque(raw)) return undefined;
      const answer = answers.known(questionOf(raw, introspecting.provider));
      return answer === undefined ? undefined : onTerms(answer, raw, introspecting.trust, now());
    },
  };
}

/** What was said of a token, and how it was read last. */
interface Answer {
  readonly said: JsonObject;
  read?: { readonly trust: IssuerTrust; readonly at: number; readonly result: AccessToken | TokenRefusal };
}

const TOO_LONG: TokenRefusal = {
  reason: 'token-malformed',
  detail: `an opaque token of more than ${MAX_LENGTH} characters`,
};

/** Read anew once a second, which judges its time; and for an app that takes it on other terms. */
function onTerms(answer: Answer, raw: string, trust: IssuerTrust, at: number): AccessToken | TokenRefusal {
  if (answer.read?.trust === trust && answer.read.at === at) return answer.read.result;
  const result = readIntrospection(raw, answer.said, trust, at);
  answer.read = { trust, at, result };
  return result;
}
