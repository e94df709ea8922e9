import { createExchangeEntries } from '../../broker/exchange-entries.ts';
import type { Config, ProviderConfig } from '../../config/config.ts';
import type { ClientHeaders } from '../../forwarded/forwarded-request.ts';
import { sortHeaders } from '../../forwarded/raw-headers.ts';
import { readRequest } from '../../forwarded/read-request.ts';
import { createAnswers } from '../../http/answers.ts';
import { createCheck } from '../../http/check.ts';
import type { Credentials, OpenedCredential } from '../../http/credentials.ts';
import { createVisits } from '../../http/visits.ts';
import type { LoginEnd, LoginMemory } from '../../login/login-memory.ts';
import { createSignIn } from '../../login/sign-in.ts';
import { stepUpName, stepUpsOf } from '../../login/step-up.ts';
import type { Transactions } from '../../login/transaction.ts';
import type { IdentityProvider } from '../../oidc/identity-provider.ts';
import { bareRefusal } from '../../outcome/bare-refusal.ts';
import { refuse } from '../../outcome/refusal.ts';
import type { Reply } from '../../outcome/reply.ts';
import type { AskedRequest } from '../../review/evaluate.ts';
import type { App, RuleSet } from '../../rules/rule-set.ts';
import type { Tenants } from '../../rules/tenancy.ts';
import { createCookies } from '../../session/cookies.ts';
import { type LiveSession, type Session, tokensFor } from '../../session/session.ts';
import type { AccessToken, TokenRefusal } from '../../token/access-token.ts';
import { providerOfApp } from '../../trust.ts';

/** Where the request goes, and by what rules. */
export interface Stage {
  readonly ruleSet: RuleSet;
  /** Segments. */
  readonly basePath: readonly string[];
  /** Undefined when the rules were loaded alone. */
  readonly config: Config | undefined;
  readonly tenants: Tenants;
  /** Unix seconds. */
  readonly now: number;
}

/** One way in which the caller may come, and what the proxy would get. */
export interface Rehearsed {
  readonly who: string;
  readonly reply: Reply;
}

/** What is presented: a token that was validated or supposed, one that was refused, or nothing. */
export type Presented = AccessToken | { readonly refused: TokenRefusal } | undefined;

/**
 * Puts the request to the check itself, with placeholders in angle brackets for what only a real caller has. Nothing is
 * asked of anybody: the credential is the one at hand, and the provider answers with where it would be.
 */
export async function rehearse(
  stage: Stage,
  asked: AskedRequest,
  presented: Presented,
): Promise<readonly Rehearsed[]> {
  const form = readRequest(asked.method, asked.host, asked.target, NO_HEADERS);
  if (typeof form === 'string') return [{ who: 'everybody', reply: bareRefusal(form) }];
  const app = stage.ruleSet.appFor(form.host.name);
  const page = NAVIGATIONS[asked.method];
  const put = async (who: string, headers: Partial<ClientHeaders>, part: Part): Promise<Rehearsed> => {
    const request = readRequest(asked.method, asked.host, asked.target, {
      ...NO_HEADERS,
      ...headers,
      cookie: COOKIES,
    });
    if (typeof request === 'string') throw new TypeError(`a request that was well-formed is ${request}`);
    return { who, reply: await checkFor(stage, part)(request) };
  };

  const rehearsed: Rehearsed[] = [];
  if (presented === undefined) {
    if (page !== undefined) rehearsed.push(await put(page, BROWSER, { kind: 'none' }));
    return [...rehearsed, await put('a script or API call', {}, { kind: 'none' })];
  }
  if ('refused' in presented)
    return [await put('a bearer token', {}, { kind: 'refused', refusal: presented.refused })];

  const token = veiled(presented);
  if (app === undefined || app.credentials.includes('bearer'))
    rehearsed.push(await put('a bearer token', {}, { kind: 'bearer', token }));
  if (!app?.credentials.includes('session')) return rehearsed;
  const session = { kind: 'session', token } as const;
  if (page !== undefined) {
    const first = await put(`${page} with a session`, BROWSER, { ...session, before: false });
    rehearsed.push(first);
    if (first.reply.reason === 'login-started')
      rehearsed.push(await put(`${first.who} that asked before`, BROWSER, { ...session, before: true }));
  }
  return [...rehearsed, await put('a script with a session', SCRIPT, { ...session, before: false })];
}

/** What a browser does by itself with a method. */
const NAVIGATIONS: Readonly<Record<string, string>> = {
  GET: 'a page load',
  HEAD: 'a page load',
  POST: 'a form',
};

/** A caller's part in the rehearsal. */
type Part =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly refusal: TokenRefusal }
  | { readonly kind: 'bearer'; readonly token: AccessToken }
  | {
      readonly kind: 'session';
      readonly token: AccessToken /** Whether all was asked for. */;
      readonly before: boolean;
    };

const NO_HEADERS = sortHeaders([], []).client;
const BROWSER = {
  secFetchMode: 'navigate',
  secFetchDest: 'document',
  secFetchSite: 'same-origin',
  secFetchUser: '?1',
} as const;
const SCRIPT = { secFetchMode: 'cors', secFetchDest: 'empty', secFetchSite: 'same-origin' } as const;
const COOKIES = ["<the client's cookies, without the gateway's>"];

/** The token as a permit may show it: its spelling stays out, and what a supposed one lacks is named. */
const veiled = (token: AccessToken): AccessToken => ({
  ...token,
  raw: '<access token>',
  subject: token.subject || '<sub>',
  client: token.client || '<client_id>',
});

function checkFor(stage: Stage, part: Part): ReturnType<typeof createCheck> {
  const { ruleSet, basePath, config, tenants, now } = stage;
  const rules = () => ruleSet;
  const settings = { public: config?.public, basePath: `/${basePath.join('/')}` };
  const visits = createVisits(settings, rules, createCookies(NO_KEYS), () => ({}), tenants);
  const memory: LoginMemory = {
    read: (host, { tenant }) =>
      part.kind === 'session' && part.before
        ? [...everythingOf(ruleSet, ruleSet.appFor(host), tenant)].map((asked) => ({
            ...asked,
            at: now - 3600,
            completed: true,
          }))
        : [],
    remember: () => [],
    forget: () => [],
  };
  const entries = config === undefined ? undefined : createExchangeEntries(config);
  const signIn = createSignIn(
    (app) => ({ config: providerFor(config, app), identityProvider: standIn(providerFor(config, app)) }),
    noTransactions,
    memory,
    () => now,
    undefined,
    entries?.loginAudience,
  );
  return createCheck({
    visits,
    basePath,
    tenantsInPath: tenants.inPath,
    // What the gateway's own pages answer is theirs; none of them is a permit.
    pages: async (_, visit) => refuse(visit, visit.app === undefined ? visit.stranger : 'page-unknown'),
    credentials: credentialsFor(part),
    answers: createAnswers(
      signIn,
      memory,
      config?.public,
      (_, token) => token && '<signed assertion>',
      entries,
    ),
    now: () => now,
  });
}

function credentialsFor(part: Part): Credentials {
  const line = 'Bearer <access token>';
  return {
    open({ app }, need): OpenedCredential {
      if (part.kind === 'refused')
        return { kind: 'refused', reason: part.refusal.reason, cause: part.refusal.detail };
      if (part.kind === 'bearer') return { kind: 'bearer', tokens: [part.token], line };
      if (part.kind === 'none') return { kind: 'none', tokens: [] };
      const live = sessionOf(app, part.token);
      return { kind: 'session', live, tokens: tokensFor(live, need.audiences), expired: false };
    },
    known({ app }) {
      const nobody = { token: undefined, live: undefined, authorization: undefined };
      if (part.kind === 'none' || part.kind === 'refused') return nobody;
      const isFor = app.audiences.some((audience) => part.token.audiences.includes(audience));
      if (part.kind === 'bearer')
        return isFor ? { ...nobody, token: part.token, authorization: line } : nobody;
      return { ...nobody, token: isFor ? part.token : undefined, live: sessionOf(app, part.token) };
    },
  };
}

/** With what answers look at, and nothing else. */
function sessionOf(app: App, token: AccessToken): LiveSession {
  const profile = Object.fromEntries(Object.values(app.headers).map((claim) => [claim, `<${claim}>`]));
  const session: Pick<Session, 'profile' | 'asked'> = { profile, asked: [] };
  return { session: session as Session, tokens: [token] };
}

/** As if all that rules of the app name had been asked for: audiences, scopes, and sign-ins that were not what was asked. */
function* everythingOf(
  ruleSet: RuleSet,
  written: App | undefined,
  tenant: string,
): Generator<Omit<LoginEnd, 'at' | 'completed'>> {
  if (written === undefined) return;
  const app = ruleSet.forTenant(written, tenant);
  for (const [audience, scopes] of app.scopesByAudience) yield { audience, scopes };
  for (const stepUp of stepUpsOf(app, ruleSet)) yield { audience: '', scopes: [], unmet: stepUpName(stepUp) };
}

/** Signs nothing, and believes nothing: no cookie of the gateway takes part in a rehearsal. */
const NO_KEYS = { sign: () => '', verify: () => false, index: () => -1 };

const noTransactions = {
  start: ({ keep }) => ({
    transaction: { nonce: '', codeVerifier: '' },
    state: '',
    setCookie: keep ? ['<the cookie of this login>'] : [],
  }),
} satisfies Record<string, (to: { keep: boolean }) => unknown> as unknown as Transactions;

type LoginTerms = Pick<ProviderConfig, 'name' | 'enabled' | 'issuer' | 'audienceParameter' | 'moreAudiences'>;

function providerFor(config: Config | undefined, app: App): ProviderConfig {
  const unknown: LoginTerms = {
    name: '',
    enabled: true,
    issuer: 'the provider',
    audienceParameter: 'resource',
    moreAudiences: 'redirect',
  };
  return config === undefined ? (unknown as ProviderConfig) : providerOfApp(config, app);
}

/** Answers with the part of the authorization request that depends on the rules; the rest differs every time. */
const standIn = ({ issuer, audienceParameter }: LoginTerms): IdentityProvider =>
  ({
    async authorizationUrl({ scopes, audiences, prompt, acrValues, maxAge }) {
      const named = audienceParameter === 'none' ? [] : audiences;
      const query = [
        `scope=${[...new Set(['openid', ...scopes])].map(encodeURIComponent).join('+')}`,
        ...named.map((audience) => `${audienceParameter}=${encodeURIComponent(audience)}`),
        ...(prompt === undefined ? [] : [`prompt=${prompt}`]),
        ...(acrValues === undefined ? [] : [`acr_values=${acrValues.map(encodeURIComponent).join('+')}`]),
        ...(maxAge === undefined ? [] : [`max_age=${maxAge}`]),
      ];
      return `<authorization endpoint of ${issuer}>?${query.join('&')}&<...>`;
    },
  }) satisfies Pick<IdentityProvider, 'authorizationUrl'> as unknown as IdentityProvider;
