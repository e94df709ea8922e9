import { hash, randomBytes } from 'node:crypto';
import type { Host } from '../forwarded/host.ts';
import type { StepUp } from '../outcome/challenge.ts';
import { cookieBytes } from '../session/cookie-carrier.ts';
import type { Cookies } from '../session/cookies.ts';
import type { Deriver } from '../session/deriver.ts';
import type { SplitCookies } from '../session/own-cookies.ts';
import type { Binding, Sealer } from '../session/seal.ts';

/** Seconds that a person may take at the provider. */
export const TRANSACTION_LIFETIME = 600;

/** Set-Cookie lines of one answer, two a transaction: whoever sends thousands of cookies gets no answer as large. */
const MOST_DROPPED = 40;

/** Seconds for which a late callback is known as one of ours. */
const STATE_LIFETIME = 86_400;

/** Return URLs up to this length travel in `state`, up to the next one in the transaction cookie. */
const RETURN_IN_STATE = 1024;
const RETURN_IN_COOKIE = 2048;

/** Bytes of randomness. */
const ID_BYTES = 6;
const SEED_BYTES = 32;

/** One authorization request under way: what its callback must be met with. */
export interface Transaction {
  readonly id: string;
  /** PKCE code verifier (RFC 7636), 256 bits. */
  readonly codeVerifier: string;
  /** 256 bits. */
  readonly nonce: string;
  readonly state: StateContent;
}

/** What `state` says, sealed: where the answer belongs and where the person wants to go. */
export interface StateContent {
  readonly id: string;
  /** Name of the provider that was asked: the code goes to no other (mix-up, RFC 9700 section 4.4). */
  readonly provider: string;
  /** The audience that was asked for; empty for none. */
  readonly audience: string;
  /** Scopes beyond those that every login of the app asks for. */
  readonly scopes: readonly string[];
  /** Further audiences that the request named (`moreAudiences: refresh`); undefined for none. */
  readonly further?: readonly string[];
  /** A request target of this host, or an absolute URL; undefined when it travels in the cookie. */
  readonly returnTo: string | undefined;
  /** Unix seconds. */
  readonly startedAt: number;
  /** PKCE code challenge (RFC 7636 section 4.2): a cookie of another transaction, host or browser does not fit it. */
  readonly challenge: string;
  /** How often this login was started afresh because its cookie was missing. */
  readonly attempt: number;
  /** The provider was asked to show no page (`prompt=none`). */
  readonly silent?: true | undefined;
  /** What the sign-in itself was asked for (RFC 9470). */
  readonly stepUp?: StepUp | undefined;
  /** Whose login it is; undefined for an app without tenants. */
  readonly tenant?: string;
  /** In the central shape: the host whose callback the answer is for. Else the seal itself is bound to it. */
  readonly home?: Home;
}

/** A host that logins are started on, and the port where people reached it. */
export type Home = Pick<Host, 'name' | 'port'>;

export interface StartedTransaction {
  readonly transaction: Transaction;
  /** The `state` parameter. */
  readonly state: string;
  readonly setCookie: readonly string[];
}

/**
 * The text of a transaction cookie: id of a secret, seed, and a sealed return URL if `state` could not hold it. Verifier
 * and nonce are derived from the seed for this host and transaction: so the common login seals once, and the cookie
 * holds nothing but randomness.
 */
const COOKIE = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})(?:\.(.+))?$/;

export interface Transactions {
  /** @param keep false (a HEAD request) sets no cookie. */
  start(
    to: {
      host: string;
      port?: number | undefined;
      cookies: Cookies;
      split: SplitCookies;
      keep: boolean;
    },
    content: Omit<StateContent, 'id' | 'startedAt' | 'challenge' | 'home' | 'tenant'> & { returnTo: string },
  ): StartedTransaction;
  /** Opens `state` for the host whose callback it is for, and for no other. Does *not* check its age. */
  openState(state: string, host: string): StateContent | undefined;
  /**
   * Opens `state` for the host that relays (the central shape): its home says to whom. Does *not* check its age, nor
   * that anybody still has that host.
   * @returns undefined in the per-host shape
   */
  openRelayed(state: string): (StateContent & { readonly home: Home }) | undefined;
  /** The transaction whose cookie this browser has; undefined without it, and with the cookies of another tenant. */
  find(content: StateContent, host: string, cookies: Cookies, split: SplitCookies): Transaction | undefined;
  /** Lines that remove the oldest transactions until the gateway's cookies fit with the added ones. */
  makeRoom(cookies: Cookies, split: SplitCookies, added: readonly string[]): readonly string[];
  /** Set-Cookie lines that end the transaction. */
  end(id: string, cookies: Cookies, split: SplitCookies): readonly string[];
}

type Derived = Pick<Transaction, 'codeVerifier' | 'nonce'>;

const bindingOf = (host: string, id: string): Binding => ({ purpose: 'transaction', host, context: id });

const challengeOf = (codeVerifier: string): string => hash('sha256', codeVerifier, 'base64url');

const cookieName = (cookies: Cookies, id: string): string => `${cookies.prefix}-t.${id}`;

/**
 * The id begins with its start in base 36, so that the oldest can be told by name alone; what follows is random, so
 * that tabs opened at once do not overwrite each other.
 */
const newId = (now: number, random: Buffer): string =>
  `${now.toString(36)}${random.toString('base64url').replace(/[-_]/g, '0')}`;

/**
 * @param now Unix seconds
 * @param loginHost the host of the one redirect URI, in the central shape. `state` is sealed for it, the home inside; each
 * home compares that with itself, so that the answer to one host's login is no answer to another's.
 */
export function createTransactions(
  sealer: Sealer,
  deriver: Deriver,
  now: () => number,
  loginHost?: string,
): Transactions {
  const stateOf = (host: string): Binding => ({ purpose: 'state', host, context: '' });

  /** @returns undefined when the secret of the seed is retired. */
  function fromSeed(
    secret: string,
    host: string,
    tenant: string,
    id: string,
    seed: string,
  ): Derived | undefined {
    const whose = [host, ...(tenant === '' ? [] : [tenant]), id, seed];
    const codeVerifier = deriver.derive(secret, ['code_verifier', ...whose]);
    const nonce = deriver.derive(secret, ['nonce', ...whose]);
    return codeVerifier === undefined || nonce === undefined ? undefined : { codeVerifier, nonce };
  }

  return {
    start({ host, port, cookies, split, keep }, content) {
      const startedAt = now();
      const random = randomBytes(ID_BYTES + SEED_BYTES);
      const id = newId(startedAt, random.subarray(0, ID_BYTES));
      const seed = random.toString('base64url', ID_BYTES);
      const { tenant } = cookies;
      const derived = fromSeed(deriver.secret, host, tenant, id, seed);
      if (derived === undefined) throw new TypeError('the deriver does not know its own secret');
      const carry = (sealedReturn: string): readonly string[] | undefined =>
        cookies.carrier.write(
          cookieName(cookies, id),
          `${deriver.secret}.${seed}${sealedReturn === '' ? '' : `.${sealedReturn}`}`,
          TRANSACTION_LIFETIME,
        );
      const length = Buffer.byteLength(content.returnTo);
      const inState = length <= RETURN_IN_STATE;
      const long =
        keep && !inState && length <= RETURN_IN_COOKIE
          ? carry(sealer.seal(bindingOf(host, id), content.returnTo, startedAt + TRANSACTION_LIFETIME))
          : undefined;
      // Beside a large session a long return URL may find no room any more: then it is `/`.
      const inCookie = long !== undefined && cookieBytes(long) <= roomBeside(cookies, split);
      const short = keep && !inCookie ? carry('') : [];
      const lines = inCookie ? long : (short ?? []);
      const start = cookies.suffix === '' ? '/' : `/${tenant}/`;
      const returnTo = inState ? content.returnTo : inCookie ? undefined : start;
      const challenge = challengeOf(derived.codeVerifier);
      const home = loginHost === undefined ? {} : { home: { name: host, port } };
      const whose = tenant === '' ? {} : { tenant };
      const stateContent: StateContent = {
        ...content,
        id,
        startedAt,
        returnTo,
        challenge,
        ...whose,
        ...home,
      };
      // A day: a late callback is told apart from one that was never ours.
      const state = sealer.seal(stateOf(loginHost ?? host), stateContent, startedAt + STATE_LIFETIME);
      return {
        transaction: { id, ...derived, state: stateContent },
        state,
        setCookie: [...lines, ...(keep ? dropOldest(cookies, split, lines) : [])],
      };
    },

    openState(state, host) {
      const opened = sealer.open(stateOf(loginHost ?? host), state, now());
      const content = opened?.payload as StateContent | undefined;
      return content?.home?.name === (loginHost === undefined ? undefined : host) ? content : undefined;
    },

    openRelayed(state) {
      if (loginHost === undefined) return undefined;
      const content = sealer.open(stateOf(loginHost), state, now())?.payload as StateContent | undefined;
      return content?.home === undefined ? undefined : { ...content, home: content.home };
    },

    find(content, host, cookies, split) {
      const { tenant = '' } = content;
      if (content.startedAt + TRANSACTION_LIFETIME <= now() || tenant !== cookies.tenant) return undefined;
      const text = cookies.carrier.read(split.own, cookieName(cookies, content.id));
      const [, secret = '', seed = '', sealedReturn] = COOKIE.exec(text ?? '') ?? [];
      const derived = fromSeed(secret, host, tenant, content.id, seed);
      if (derived === undefined || challengeOf(derived.codeVerifier) !== content.challenge) return undefined;
      const opened =
        sealedReturn === undefined
          ? undefined
          : sealer.open(bindingOf(host, content.id), sealedReturn, now());
      const returnTo = content.returnTo ?? (opened?.payload as string | undefined) ?? '/';
      return { id: content.id, ...derived, state: { ...content, returnTo } };
    },

    makeRoom: dropOldest,

    end: (id, cookies, split) => {
      const name = cookieName(cookies, id);
      return split.own.has(name) || split.own.has(`${name}.sig`) ? cookies.carrier.clear(name) : [];
    },
  };
}

const isTransaction = (cookies: Cookies, name: string): boolean => name.startsWith(`${cookies.prefix}-t.`);

/** @returns the bytes that the session and the memory leave for transactions. */
const roomBeside = (cookies: Cookies, { own }: SplitCookies): number =>
  [...own].reduce(
    (room, [name, value]) => (isTransaction(cookies, name) ? room : room - name.length - value.length - 3),
    cookies.budget.total,
  );

/** @returns lines that remove the oldest transactions until all cookies fit, as they will be with the added lines. */
function dropOldest(cookies: Cookies, split: SplitCookies, added: readonly string[]): readonly string[] {
  if (split.own.size === 0) return [];
  const sizes = new Map([...split.own].map(([name, value]) => [name, name.length + value.length + 3]));
  for (const line of added) {
    const pair = line.slice(0, line.indexOf(';'));
    const name = pair.slice(0, pair.indexOf('='));
    sizes.set(name, pair.length + 2);
  }
  const sum = (names: readonly string[]): number =>
    names.reduce((all, name) => all + (sizes.get(name) ?? 0), 0);
  let transactions = sum([...sizes.keys()].filter((name) => isTransaction(cookies, name)));
  let all = sum([...sizes.keys()]);
  const dropped: string[] = [];
  const old = [...split.own.keys()].filter((name) => isTransaction(cookies, name) && !name.endsWith('.sig'));
  for (const name of old.sort()) {
    if (dropped.length >= MOST_DROPPED) break;
    if (transactions <= cookies.budget.transactions && all <= cookies.budget.total) break;
    const freed = sum([name, `${name}.sig`]);
    transactions -= freed;
    all -= freed;
    dropped.push(...cookies.carrier.clear(name));
  }
  return dropped;
}
