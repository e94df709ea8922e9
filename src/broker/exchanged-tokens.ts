import type { ExchangeConfig } from '../config/config.ts';
import type { App } from '../rules/rule-set.ts';
import type { AccessToken, TokenRefusal } from '../token/access-token.ts';
import { type ForeignToken, readForeignToken, verifyForeignToken } from '../token/foreign-token.ts';
import type { KeySet } from '../token/key-set.ts';
import type { BrokerRefusal } from './broker-refusal.ts';
import { beginsAt, type ExchangeEntries, type FederationEntry } from './exchange-entries.ts';
import type { Exchanges } from './exchanges.ts';

type Exchanged = AccessToken | BrokerRefusal | TokenRefusal;

/** Access tokens that come of the exchange of another one, where the configuration has an entry for it; nothing without one. */
export interface ExchangedTokens {
  /** The audiences at which exchanges begin that lead an app to one of these; none where none does. */
  beginnings(app: App, audiences: readonly string[]): readonly string[];
  /**
   * The token for one of the audiences, for one that a session holds or a caller brought.
   * @param held in force
   * @returns undefined where no exchange that leads there begins at any of them
   */
  of(
    held: readonly AccessToken[],
    kind: 'session' | 'bearer',
    app: App,
    audiences: readonly string[],
  ): Exchanged | Promise<Exchanged> | undefined;
  /** The same by what is at hand, for a session: no call is made. */
  known(held: readonly AccessToken[], app: App, audiences: readonly string[]): AccessToken | undefined;
  /**
   * The token for one of the audiences, for one of a federated service.
   * @returns undefined where its issuer is none whose services the app takes
   */
  ofForeign(raw: string, app: App, audiences: readonly string[]): Exchanged | Promise<Exchanged> | undefined;
}

/** Where the configuration has no exchange. */
export const NO_EXCHANGE: ExchangedTokens = {
  beginnings: () => [],
  of: () => undefined,
  known: () => undefined,
  ofForeign: () => undefined,
};

export interface ExchangedTokenParts {
  readonly entries: ExchangeEntries;
  readonly exchanges: Exchanges;
  /** Any of them may have made an exchange. */
  readonly ownClientIds: ReadonlySet<string>;
  readonly keysOf: (issuer: string) => KeySet;
  readonly algorithmsOf: (app: App) => readonly string[];
  /** Seconds. */
  readonly clockTolerance: number;
  /** Unix seconds. */
  readonly now: () => number;
}

export function createExchangedTokens(parts: ExchangedTokenParts): ExchangedTokens {
  const { entries, exchanges, now } = parts;

  /** The first entry that leads there, and the token that it begins at. */
  function find(
    held: readonly AccessToken[],
    kind: 'session' | 'bearer',
    app: App,
    audiences: readonly string[],
  ): readonly [ExchangeConfig, AccessToken] | undefined {
    for (const entry of entries.leadingTo(app, audiences)) {
      const token = held.find((one) => beginsAt(entry, one));
      if (token !== undefined && (kind === 'session' || entry.bearer)) return [entry, token];
    }
    return undefined;
  }

  function matching(
    token: ForeignToken,
    app: App,
    audiences: readonly string[],
  ): FederationEntry | undefined {
    return entries
      .federated(app)
      .find(
        ({ issuer, subject, audience, entry }) =>
          token.issuer === issuer &&
          token.subject === subject &&
          token.audiences.includes(audience) &&
          audiences.includes(entry.to.audience),
      );
  }

  return {
    beginnings: (app, audiences) => entries.leadingTo(app, audiences).map(({ from }) => from.audience),

    of(held, kind, app, audiences) {
      const found = find(held, kind, app, audiences);
      if (found === undefined) return undefined;
      const [entry, token] = found;
      // A session's token was issued to a client of ours, and is none that an exchange brought.
      const isOwn = kind === 'bearer' && parts.ownClientIds.has(token.client);
      if (token.delegated || isOwn) return CHAINED;
      const { raw, issuer, subject, client, expiresAt } = token;
      return exchanges.make(
        entry,
        { raw, type: 'access_token', issuer, subject, client, expiresAt, keepsSubject: true },
        app,
      );
    },

    known(held, app, audiences) {
      const found = find(held, 'session', app, audiences);
      const known = found && exchanges.known(found[0], found[1].raw, app);
      return known === undefined || 'reason' in known ? undefined : known;
    },

    ofForeign(raw, app, audiences) {
      const federated = entries.federated(app);
      if (federated.length === 0) return undefined;
      const token = readForeignToken(raw);
      if (token === undefined || !federated.some(({ issuer }) => issuer === token.issuer)) return undefined;
      const match = matching(token, app, audiences);
      if (match === undefined) return UNFEDERATED;
      if ('act' in token.claims) return CHAINED;
      const known = exchanges.known(match.entry, raw, app);
      if (known !== undefined) return known;
      return exchangeForeign(token, match, app);
    },
  };

  async function exchangeForeign(
    token: ForeignToken,
    { entry }: FederationEntry,
    app: App,
  ): Promise<Exchanged> {
    const { raw, issuer, subject } = token;
    const end = await verifyForeignToken(
      token,
      {
        keys: parts.keysOf(issuer),
        algorithms: parts.algorithmsOf(app),
        clockTolerance: parts.clockTolerance,
      },
      now(),
    );
    if (typeof end !== 'number') return end;
    return exchanges.make(
      entry,
      { raw, type: 'jwt', issuer, subject, client: undefined, expiresAt: end, keepsSubject: false },
      app,
    );
  }
}

const CHAINED: BrokerRefusal = {
  reason: 'exchange-chained',
  detail: 'the token has act, or was issued to a client of ours',
};

const UNFEDERATED: TokenRefusal = {
  reason: 'token-unfederated',
  detail: 'no federation entry has this issuer, subject and audience together, for what the rule needs',
};
