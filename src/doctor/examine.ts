import type { Config, Secrets } from '../config/config.ts';
import { holdsTenant } from '../document/tenant-text.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Fetch } from '../token/bounded-fetch.ts';
import { cookieNotes } from './cookies.ts';
import { type Note, notesAbout, TOPICS } from './finding.ts';
import { placesOf } from './hosts.ts';
import type { Look } from './look.ts';
import { furtherIssuerNotes, furtherIssuers, providerNotes } from './provider.ts';
import { proxyNotes } from './proxy.ts';
import { secretNotes } from './secrets.ts';
import { storeNotes } from './store.ts';
import { traefikNotes } from './traefik.ts';

/** What is examined: all of it loaded, as the gateway would. */
export interface Examined {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly ruleSet: RuleSet;
}

export interface ExamineOptions {
  /** Where the proxy is from here; undefined: where the hosts' names lead. */
  readonly proxy: URL | undefined;
  readonly traefikApi: URL | undefined;
  /** Whether to ask for tokens with the client's own credentials. */
  readonly probe: boolean;
  /** Canonical; empty: all exact hosts. */
  readonly hosts: readonly string[];
}

export interface Surroundings {
  readonly look: Look;
  readonly fetch: Fetch;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Asks provider, proxy and store, all at once, and holds what they say against the configuration. Every call ends within
 * three seconds and no more than three follow one another, so the whole does within ten. Nothing is changed anywhere.
 * @returns what was seen and what was left open, by topic
 */
export async function examine(
  { config, secrets, ruleSet }: Examined,
  { proxy, traefikApi, probe, hosts }: ExamineOptions,
  { look, fetch, now }: Surroundings,
): Promise<readonly Note[]> {
  const seconds = (): number => Math.floor(now() / 1000);
  const { places, notes } = placesOf(config, ruleSet, hosts, proxy);
  const secretsOf = (provider: string) => secrets.clients.get(provider) ?? [];
  const common = { config, ruleSet, places, probe, look, fetch, now };
  const found = await Promise.all([
    ...[...config.providers.values()].map((provider) =>
      holdsTenant(provider.issuer)
        ? [ofTenants(provider.issuer)]
        : providerNotes({ ...common, provider, secrets: secretsOf(provider.name) }),
    ),
    ...[...furtherIssuers(config, ruleSet)].map(([issuer, provider]) =>
      holdsTenant(issuer) ? [ofTenants(issuer)] : furtherIssuerNotes(issuer, { provider, fetch, now }),
    ),
    proxyNotes({ config, ruleSet, places, proxy, look }),
    ...(traefikApi === undefined ? [] : [traefikNotes(traefikApi, ruleSet, config.basePath, fetch, now)]),
    storeNotes(config, secrets, seconds),
  ]);
  const all = [
    ...found.flat(),
    ...notes,
    ...cookieNotes(config, ruleSet),
    ...[...config.providers.keys()].flatMap((name) => secretNotes(name, secretsOf(name), seconds())),
  ];
  const different = new Map(all.map((note) => [JSON.stringify(note), note]));
  return TOPICS.flatMap((topic) => [...different.values()].filter((note) => note.topic === topic));
}

/** An issuer for each tenant is not asked: there may be thousands. */
const ofTenants = (issuer: string): Note =>
  notesAbout('provider', issuer).open(
    'what the providers of its tenants say',
    "put one tenant's issuer in its place (POSTERN_PROVIDER_ISSUER), and run this again",
  );
