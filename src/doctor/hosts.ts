import type { Config } from '../config/config.ts';
import { isLoopbackName } from '../forwarded/host.ts';
import { publicOrigin } from '../forwarded/public-origin.ts';
import { redirectUri } from '../login/redirect-uri.ts';
import { isExactHost, tenantIn } from '../rules/host-pattern.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import { type Note, notesAbout } from './finding.ts';

/** A host that people visit. */
export interface Place {
  /** Canonical. */
  readonly host: string;
  /** Undefined on the login host of the central shape, where no app has it. */
  readonly app: App | undefined;
  /** As people's browsers know it: `https://shop.example.com`. */
  readonly origin: string;
  /** Whether the port of the origin is only a guess: a loopback name, and nothing says where the proxy is. */
  readonly guessed: boolean;
}

/** More are not asked at once: the run would take too long, and the provider could take it for an attack. */
export const MOST_HOSTS = 20;

/**
 * Which hosts to ask.
 * @param named by the operator, canonical; empty: every exact host, up to `MOST_HOSTS`
 * @param proxy where the proxy is, if it was said: its port is that of loopback names, whose origin nothing else fixes
 */
export function placesOf(
  config: Pick<Config, 'public' | 'loginUrl'>,
  ruleSet: RuleSet,
  named: readonly string[],
  proxy: URL | undefined,
): { readonly places: readonly Place[]; readonly notes: readonly Note[] } {
  const patterns = [...new Set(ruleSet.apps.flatMap(({ hosts }) => hosts))];
  const login = config.loginUrl?.host;
  const known = [...(login === undefined ? [] : [login]), ...patterns.filter(isExactHost)];
  const wanted = [...new Set(named.length > 0 ? named : known)];
  const port = proxy === undefined || proxy.port === '' ? undefined : Number(proxy.port);
  const places = wanted.slice(0, MOST_HOSTS).map((host): Place => {
    const configured = host === login ? config.loginUrl : config.public;
    return {
      host,
      app: ruleSet.appFor(host),
      origin: publicOrigin({ name: host, port, finalDot: false }, configured).origin,
      guessed: proxy === undefined && configured === undefined && isLoopbackName(host),
    };
  });
  const left = wanted.slice(MOST_HOSTS);
  const wildcards = named.length > 0 ? [] : patterns.filter((pattern) => !isExactHost(pattern));
  return {
    places,
    notes: [
      ...wildcards.map((pattern) =>
        notesAbout('proxy', pattern).open('which hosts there are', 'name one: --host shop.example.com'),
      ),
      ...(left.length === 0
        ? []
        : [
            notesAbout('proxy', left[0] ?? '').open(
              `this host and ${left.length - 1} more: only ${MOST_HOSTS} are asked at once`,
              'name them: --host, once for each',
            ),
          ]),
    ],
  };
}

/** @returns whether a host is one that people can visit by this configuration. */
export const isKnownHost = (config: Pick<Config, 'loginUrl'>, ruleSet: RuleSet, host: string): boolean =>
  config.loginUrl?.host === host || ruleSet.appFor(host) !== undefined;

/**
 * @param template of the app's provider, if it has one
 * @returns the redirect URI of sign-ins that begin at a place; with tenants in the path, that of none
 */
export const redirectUriOf = (
  { loginUrl, basePath }: Pick<Config, 'loginUrl' | 'basePath'>,
  { origin, host, app }: Place,
  template?: string,
): string =>
  redirectUri(
    { origin: { origin }, basePath, tenant: app === undefined ? '' : tenantIn(app, host) },
    { redirectUri: template },
    loginUrl,
  );
