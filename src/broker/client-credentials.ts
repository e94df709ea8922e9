import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { ProviderError } from '../oidc/provider-error.ts';
import type { ClientCredentials, TokenService } from '../oidc/token-service.ts';
import type { TokenNeed } from '../rules/rule.ts';
import type { App } from '../rules/rule-set.ts';
import type { AccessToken } from '../token/access-token.ts';
import { isRefusal } from '../token/validate-access-token.ts';
import {
  createProviderAnswers,
  isNoAnswer,
  type ProviderAnswer,
  type ProviderAnswersOptions,
} from './answers-of-provider.ts';
import type { BrokerRefusal } from './broker-refusal.ts';
import { isUnavailable, type ReadFresh } from './fresh-tokens.ts';

/** Access tokens of services that bring a client id and a secret. */
export interface ServiceTokens {
  /** The token for a need, which may not be enough for it: `decide` tells. */
  read(
    client: ClientCredentials,
    app: App,
    need: TokenNeed,
  ): AccessToken | BrokerRefusal | Promise<AccessToken | BrokerRefusal>;
}

export interface ServiceTokenParts extends ProviderAnswersOptions {
  readonly serviceOf: (app: App) => {
    readonly provider: string;
    readonly service: Pick<TokenService, 'clientCredentials'>;
  };
  readonly readFresh: ReadFresh;
  /** Told of each wrong secret. */
  readonly onWrongSecret: (provider: string) => void;
}

/** Seconds. After `LONGEST` the secret is shown to the provider again; a refusal holds for `NEGATIVE`. */
const LONGEST = 300;
const NEGATIVE = 30;
/** A token is given up so long before its end, or a tenth of its life: it must not die on its way to the upstream. */
const EARLY = 10;

/** Seconds: for which a client is asked about no further secret after a wrong one, doubled by each, up to the most. */
const FIRST_PAUSE = 1;
const MOST_PAUSE = 60;
/** Seconds after which wrong secrets are forgotten. */
const FORGOTTEN = 900;
const CLIENTS = 10_000;

/**
 * Gets access tokens by the client credentials grant with what callers bring, and remembers them. A secret that was right
 * keeps working while another caller tries wrong ones for the same client: those are slowed down.
 */
export function createServiceTokens(parts: ServiceTokenParts): ServiceTokens {
  const { now } = parts;
  const answers = createProviderAnswers<AccessToken | BrokerRefusal>({
    ...parts,
    weigh: (one) => (isRefusal(one) ? 0 : one.raw.length),
  });
  const wrong = new LRUCache<string, { count: number; until: number; at: number }>({ max: CLIENTS });
  const right = new LRUCache<string, true>({ max: CLIENTS });
  /** The secret of each client that is being tried: one at a time, so that many at once are no more guesses. */
  const trying = new Map<string, { readonly secret: string; count: number }>();

  function isSlowed(client: string, secret: string): boolean {
    if (right.has(secret)) return false;
    const other = trying.get(client);
    if (other !== undefined && other.secret !== secret) return true;
    const failures = wrong.get(client);
    return failures !== undefined && now() < failures.until;
  }

  /** Tries a secret, and counts that it is being tried. */
  async function attempt<T>(client: string, secret: string, call: () => Promise<T>): Promise<T> {
    const before = trying.get(client);
    const one = before?.secret === secret ? before : { secret, count: 0 };
    one.count += 1;
    if (before === undefined) trying.set(client, one);
    try {
      return await call();
    } finally {
      one.count -= 1;
      if (one.count === 0 && trying.get(client) === one) trying.delete(client);
    }
  }

  function remember(client: string, secret: string, isWrong: boolean, provider: string): void {
    if (!isWrong) {
      // A secret that was right before says nothing of those that somebody else tries.
      if (!right.has(secret)) wrong.delete(client);
      right.set(secret, true);
      return;
    }
    right.delete(secret);
    const before = wrong.get(client);
    const count = before === undefined || now() - before.at > FORGOTTEN ? 1 : before.count + 1;
    const pause = Math.min(MOST_PAUSE, FIRST_PAUSE * 2 ** (count - 1));
    wrong.set(client, { count, at: now(), until: now() + pause });
    parts.onWrongSecret(provider);
  }

  return {
    read(credentials, app, need) {
      const { provider, service } = parts.serviceOf(app);
      // Some providers take ids in any case: those are no further guesses.
      const client = JSON.stringify([provider, credentials.id.normalize('NFKC').toLowerCase().trim()]);
      // INVARIANT: no secret of a caller is kept: its hash tells it from others.
      const secret = hash('sha256', JSON.stringify([provider, credentials.id, credentials.secret]));
      const [audience = ''] = need.audiences;
      const scopes = [...need.allOf, ...need.anyOf];
      const question = JSON.stringify([secret, app.tenant, audience, scopes]);
      const before = answers.known(question);
      if (before !== undefined) return before;
      if (isSlowed(client, secret)) return SLOWED;
      const answer = answers.ask(question, provider, () => attempt(client, secret, ask));
      return answer instanceof Promise
        ? answer.then((one) =>
            isNoAnswer(one) ? { reason: 'provider-unavailable', detail: one.unavailable } : one,
          )
        : answer;

      async function ask(): Promise<ProviderAnswer<AccessToken | BrokerRefusal>> {
        const not = (refusal: BrokerRefusal) => ({ value: refusal, until: now() + NEGATIVE });
        let raw: string;
        try {
          raw = await service.clientCredentials(credentials, { audience, scopes });
        } catch (error) {
          if (!(error instanceof ProviderError) || error.reason === 'provider-unavailable') throw error;
          if (error.providerError === 'invalid_client') remember(client, secret, true, provider);
          return not(refusalOf(error));
        }
        remember(client, secret, false, provider);
        const token = await parts.readFresh(raw, app);
        if ('reason' in token) {
          const { reason, detail } = token;
          if (isUnavailable(token)) throw new ProviderError('provider-unavailable', detail);
          return not({ reason: 'provider-answer-invalid', detail: `${reason}: ${detail}` });
        }
        if (token.client !== credentials.id)
          return not({
            reason: 'provider-answer-invalid',
            detail: 'the access token is that of another client',
          });
        const early = Math.min(EARLY, (token.expiresAt - token.issuedAt) / 10);
        return { value: token, until: Math.min(token.expiresAt - early, now() + LONGEST) };
      }
    },
  };
}

const SLOWED: BrokerRefusal = {
  reason: 'client-slowed',
  detail: 'wrong secrets were brought for this client, so another one is not tried yet',
};

function refusalOf({ providerError, message }: ProviderError): BrokerRefusal {
  switch (providerError) {
    case 'invalid_client':
      return { reason: 'client-refused', detail: 'error invalid_client: the id or the secret is wrong' };
    case 'invalid_scope':
      return { reason: 'scope-missing', detail: 'error invalid_scope: it may not have these scopes' };
    case 'invalid_target':
      return { reason: 'audience-refused', detail: 'error invalid_target: it may not have this audience' };
    case undefined:
      return { reason: 'provider-answer-invalid', detail: message };
    // `unauthorized_client` by the RFC; providers have other words for a client that may not use this grant.
    default:
      return { reason: 'client-refused', detail: message };
  }
}
