import { canonicalPath } from '../../src/forwarded/canonical-path.ts';
import type { ClientHeaders, ForwardedRequest } from '../../src/forwarded/forwarded-request.ts';
import { parseHost } from '../../src/forwarded/host.ts';
import type { PublicAddress } from '../../src/forwarded/public-origin.ts';
import { pathOf } from '../../src/forwarded/request-target.ts';
import { createVisits } from '../../src/http/visits.ts';
import { type AppVisit, hasApp, type Visit } from '../../src/outcome/visit.ts';
import { loadRuleSet } from '../../src/rules/load.ts';
import type { App, RuleSet } from '../../src/rules/rule-set.ts';
import { createCookies } from '../../src/session/cookies.ts';
import { signingRing } from '../../src/session/keys.ts';
import { NEW } from './cookies.ts';

/** Client headers: those named, all others absent. */
export const headersOf = (parts: Partial<ClientHeaders> = {}): ClientHeaders => ({
  cookie: [],
  authorization: [],
  accept: undefined,
  origin: undefined,
  referer: undefined,
  secFetchSite: undefined,
  secFetchMode: undefined,
  secFetchDest: undefined,
  secFetchUser: undefined,
  purpose: undefined,
  requestedWith: undefined,
  webSocketKey: undefined,
  accessControlRequestMethod: undefined,
  traceparent: undefined,
  foldable: [],
  ...parts,
});

/** What a browser sends with a page load, an iframe, a form and a script's call. */
export const NAVIGATION = { secFetchMode: 'navigate', secFetchDest: 'document' } as const;
export const FRAME = { secFetchMode: 'navigate', secFetchDest: 'iframe' } as const;
export const FETCH = { secFetchMode: 'cors', secFetchDest: 'empty' } as const;

/**
 * @param line `METHOD host/target`, such as `GET shop.example.com/a?b`
 * @param headers the client's
 */
export function requestOf(line: string, headers: Partial<ClientHeaders> = {}): ForwardedRequest {
  const [, method = '', hostLine = '', target = ''] = /^(\S+) ([^/]+)(\/.*)$/s.exec(line) ?? [];
  const host = parseHost(hostLine);
  if (host === undefined) throw new TypeError(`no request: ${line}`);
  return { method, host, target, path: canonicalPath(pathOf(target)), headers: headersOf(headers) };
}

/** Loads rules files, or throws what is wrong with them. */
export function ruleSetOf(...texts: readonly string[]): RuleSet {
  const loaded = loadRuleSet(texts.map((text, index) => ({ file: `${index}.yaml`, text })));
  if ('problems' in loaded) throw new TypeError(JSON.stringify(loaded.problems));
  return loaded.ruleSet;
}

/** An app on shop.example.com and shop.localhost, with further lines of its rules file. */
export const shopRules = (...lines: readonly string[]): RuleSet =>
  ruleSetOf(
    [
      'app: shop',
      'title: The shop',
      'hosts: [shop.example.com, shop.localhost]',
      'audience: https://api.shop.example.com',
      ...lines,
      'rules: { "/**": authenticated }',
    ].join('\n'),
  );

export function shopApp(...lines: readonly string[]): App {
  const [app] = shopRules(...lines).apps;
  if (app === undefined) throw new TypeError('no app');
  return app;
}

const cookiesOf = createCookies(signingRing([NEW]));

export interface VisitParts {
  readonly headers?: Partial<ClientHeaders>;
  readonly door?: Visit['door'];
  readonly rules?: RuleSet;
  readonly public?: PublicAddress;
}

const SHOP = shopRules();

/** A visit as the gateway makes it of a request line. Its cookies are signed with the secret `NEW`. */
export function visitOf(
  line: string,
  { headers, door = 'check', rules = SHOP, ...more }: VisitParts = {},
): Visit {
  const settings = { public: more.public, basePath: '/_auth' };
  return createVisits(
    settings,
    () => rules,
    cookiesOf,
    () => ({}),
  )(requestOf(line, headers), door);
}

export function appVisitOf(line: string, parts: VisitParts = {}): AppVisit {
  const visit = visitOf(line, parts);
  if (!hasApp(visit)) throw new TypeError(`no app has the host of ${line}`);
  return visit;
}
