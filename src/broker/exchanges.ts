import { hash } from 'node:crypto';
import type { ExchangeConfig } from '../config/config.ts';
import { ProviderError } from '../oidc/provider-error.ts';
import type { SubjectToken, TokenService } from '../oidc/token-service.ts';
import type { App } from '../rules/rule-set.ts';
import { type AccessToken, narrowed } from '../token/access-token.ts';
import { isRefusal } from '../token/validate-access-token.ts';
import { createAllowance } from './allowance.ts';
import {
  createProviderAnswers,
  isNoAnswer,
  type ProviderAnswer,
  type ProviderAnswersOptions,
} from './answers-of-provider.ts';
import type { BrokerRefusal } from './broker-refusal.ts';
import { isUnavailable, type ReadFresh } from './fresh-tokens.ts';

/** A token that shall be exchanged: validated, in force, and permitted by an entry. */
export interface ExchangeSubject {
  readonly raw: string;
  readonly type: SubjectToken['type'];
  readonly issuer: string;
  readonly subject: string;
  /** The client it was issued to; undefined where it does not say. */
  readonly client: string | undefined;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** Whether the new token must be of the same subject. */
  readonly keepsSubject: boolean;
}

/** What an exchange came to, for the audit: no token is in it. */
export interface ExchangeEvent {
  readonly exchange: string;
  readonly provider: string;
  readonly outcome: (typeof EXCHANGE_OUTCOMES)[number];
  readonly issuer: string;
  readonly subject: string;
  readonly client: string | undefined;
  readonly from: string;
  readonly to: string;
  /** Those that were granted, of those that were asked for. */
  readonly scopes: readonly string[];
  /** Of the new token: who it says it is. */
  readonly newSubject: string | undefined;
  readonly cause: string | undefined;
}

export const EXCHANGE_OUTCOMES = ['granted', 'refused', 'invalid', 'unavailable', 'limited'] as const;

/** The client by which an exchange is made. */
export interface Exchanger {
  readonly provider: string;
  readonly service: Pick<TokenService, 'exchange'>;
}

export interface Exchanges {
  /**
   * @param from the audience of the subject token by the entry that permits this
   * @returns the new token, with those of its scopes that the entry names
   */
  make(
    entry: ExchangeConfig,
    subject: ExchangeSubject,
    app: App,
  ): AccessToken | BrokerRefusal | Promise<AccessToken | BrokerRefusal>;
  /** What the same has come to before and still holds: no call is made. */
  known(entry: ExchangeConfig, raw: string, app: App): AccessToken | BrokerRefusal | undefined;
}

export interface ExchangesParts extends ProviderAnswersOptions {
  readonly exchangerOf: (app: App, entry: ExchangeConfig) => Exchanger;
  readonly readFresh: ReadFresh;
  /** Told of each call to a provider, and of each that was not made because there were too many. */
  readonly onExchange: (event: ExchangeEvent) => void;
}

/** Seconds. A refusal holds for so long; a token is given up so long before its end, or a tenth of its life. */
const NEGATIVE = 30;
const EARLY = 10;
/** Calls for one subject in a minute: each of its tokens needs one for each exchange, and then none until it ends. */
const MOST = 20;
const MINUTE = 60;

/**
 * Exchanges tokens (RFC 8693). The answer is validated like any access token, must be for the audience of the entry, and is
 * remembered by the hash of the subject token until the earlier of both ends. It reaches the upstream, and never a browser.
 */
export function createExchanges(parts: ExchangesParts): Exchanges {
  const { now } = parts;
  const answers = createProviderAnswers<AccessToken | BrokerRefusal>({
    ...parts,
    weigh: (one) => (isRefusal(one) ? 0 : one.raw.length),
  });
  const allowance = createAllowance(MOST, MINUTE, now);
  const questionOf = ({ name }: ExchangeConfig, raw: string, app: App, provider: string): string =>
    JSON.stringify([name, provider, app.provider ?? '', app.tenant, hash('sha256', raw)]);

  return {
    known: (entry, raw, app) =>
      answers.known(questionOf(entry, raw, app, parts.exchangerOf(app, entry).provider)),

    make(entry, subject, app) {
      const { provider, service } = parts.exchangerOf(app, entry);
      const told = (outcome: ExchangeEvent['outcome'], cause?: string, token?: AccessToken): void =>
        parts.onExchange({
          ...{ exchange: entry.name, provider, outcome, cause },
          ...{ issuer: subject.issuer, subject: subject.subject, client: subject.client },
          ...{ from: entry.from.audience, to: entry.to.audience },
          ...{ scopes: [...(token?.scopes ?? [])], newSubject: token?.subject },
        });
      const not = (
        reason: BrokerRefusal['reason'],
        detail: string,
        until = now() + NEGATIVE,
      ): ProviderAnswer<BrokerRefusal> => ({ value: { reason, detail }, until });

      const call = async (): Promise<ProviderAnswer<AccessToken | BrokerRefusal>> => {
        const who = JSON.stringify([subject.issuer, subject.subject]);
        const free = allowance.take(who);
        if (free !== undefined) {
          told('limited');
          return not('exchange-limited', `more than ${MOST} exchanges in a minute for one subject`, free);
        }
        let raw: string;
        try {
          raw = await service.exchange({ raw: subject.raw, type: subject.type }, entry.to);
        } catch (error) {
          if (!(error instanceof ProviderError)) throw error;
          // That our own client is refused is for the operator to mend: nobody's token is to blame.
          const isOurs = error.providerError === 'invalid_client';
          if (isOurs || error.reason === 'provider-unavailable') {
            told('unavailable', error.message);
            allowance.giveBack(who);
            throw isOurs ? new ProviderError('provider-unavailable', error.message) : error;
          }
          const outcome = error.providerError === undefined ? 'invalid' : 'refused';
          told(outcome, error.message);
          return not(`exchange-${outcome}`, error.message);
        }
        const token = await parts.readFresh(raw, app);
        if (isRefusal(token)) {
          const cause = `${token.reason}: ${token.detail}`;
          told(isUnavailable(token) ? 'unavailable' : 'invalid', cause);
          if (isUnavailable(token)) throw new ProviderError('provider-unavailable', cause);
          return not('exchange-invalid', cause);
        }
        const fault = faultOf(token, entry, subject);
        if (fault !== undefined) {
          told('invalid', fault);
          return not('exchange-invalid', fault);
        }
        const value = narrowed(token, entry.to.scopes);
        told('granted', undefined, value);
        const early = Math.min(EARLY, (token.expiresAt - token.issuedAt) / 10);
        // A second at least: the subject token may be in its last moments, by the tolerance between the clocks.
        const until = Math.min(subject.expiresAt, token.expiresAt - early);
        return { value, until: Math.max(until, now() + 1) };
      };

      const answer = answers.ask(questionOf(entry, subject.raw, app, provider), provider, call);
      return answer instanceof Promise
        ? answer.then((one) =>
            isNoAnswer(one) ? { reason: 'provider-unavailable', detail: one.unavailable } : one,
          )
        : answer;
    },
  };
}

function faultOf(token: AccessToken, { to }: ExchangeConfig, subject: ExchangeSubject): string | undefined {
  if (!token.audiences.includes(to.audience)) return 'aud of the new token is not what the exchange leads to';
  if (subject.keepsSubject && token.subject !== subject.subject)
    return 'sub of the new token is not that of the one that was exchanged';
  return undefined;
}
