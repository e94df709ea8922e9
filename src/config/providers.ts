import { readAuthorities } from './authorities.ts';
import { checkParameter } from './authorization-parameters.ts';
import { readClientKey } from './client-key.ts';
import type { ClientSecret, ProviderConfig } from './config.ts';
import type { Findings, Path } from './findings.ts';
import { pathText } from './key.ts';
import { resolveProvider } from './presets.ts';
import type { RawProvider } from './provider-schema.ts';
import { type UrlParts, urlFault } from './provider-url.ts';
import type { RawConfig } from './schema.ts';

/** A provider as written, its name, and where it is written. */
export interface NamedProvider {
  readonly name: string;
  readonly raw: RawProvider;
  readonly path: Path;
}

/** The name of the provider under the key `provider`. */
export const ONLY_PROVIDER = 'default';

/** @returns the one under `provider`, or those of the map `providers`; never both. */
export function namedProviders(raw: RawConfig, findings: Findings): NamedProvider[] {
  if (raw.provider !== undefined && raw.providers !== undefined)
    findings.report(['providers'], '`provider` and `providers` are both set.', 'keep one of the two', {
      on: 'key',
    });
  if (raw.provider === undefined && raw.providers === undefined)
    findings.add(
      ['provider'],
      'No provider is configured.',
      'set `provider.issuer` and `provider.clientId`, or POSTERN_PROVIDER_ISSUER and POSTERN_PROVIDER_CLIENT_ID',
      { restsOn: [['providers']], blind: true },
    );
  if (raw.provider !== undefined) return [{ name: ONLY_PROVIDER, raw: raw.provider, path: ['provider'] }];
  return Object.entries(raw.providers ?? {}).map(([name, provider]) => ({
    name,
    raw: provider,
    path: ['providers', name],
  }));
}

/** Checks one provider and makes its choices. */
export function readProvider(
  named: NamedProvider,
  secrets: readonly ClientSecret[],
  insecureHttp: boolean,
  readCa: (path: string) => string | undefined,
  findings: Findings,
): ProviderConfig {
  const { name, raw, path } = named;
  const say = (key: string, words: string, wayOut: string, restsOn: Path[] = []): void =>
    findings.add([...path, key], `\`${pathText([...path, key])}\` ${words}.`, wayOut, { restsOn });
  // Whether http is permitted is unknown while that key is broken: say nothing of it.
  const http = insecureHttp || findings.isBroken(['insecureHttp']);
  const url = (key: string, text: string | undefined, parts: UrlParts): void => {
    const fault = text === undefined ? undefined : urlFault(text, parts, http);
    if (fault !== undefined) say(key, fault.words, fault.wayOut);
  };

  url('issuer', raw.issuer, { path: true, query: false });
  // openid-client takes such a URL for the document itself and no longer compares the issuer.
  if (raw.issuer.includes('/.well-known/'))
    say('issuer', 'names the discovery document', 'write what stands before `/.well-known/`');
  url('internalUrl', raw.internalUrl, { path: false, query: false });
  url('postLogoutRedirectUri', raw.postLogoutRedirectUri, { path: true, query: true });
  // Browsers load and follow these from https pages, loopback or not.
  for (const name of ['uri', 'logo'] as const)
    if (raw[name] !== undefined && !/^https:\/\/[^\s\\"'<>;,]+$/.test(raw[name]))
      say(
        name,
        'must be a URL that begins with https://',
        'write it whole, without blanks, quotes, commas and semicolons',
      );

  const { support } = raw.metadata;
  if (support !== undefined && !/^(?:https:\/\/|mailto:)[^\s\\"'<>]+$/.test(support))
    findings.add(
      [...path, 'metadata', 'support'],
      `\`${pathText([...path, 'metadata', 'support'])}\` must begin with https:// or mailto:.`,
      'write for example `mailto:help@example.com`',
    );
  for (const parameter of Object.keys(raw.authorizationParameters))
    checkParameter(parameter, [...path, 'authorizationParameters', parameter], findings);

  const hasSecret = secrets.length > 0;
  const ca = raw.ca === undefined ? undefined : readAuthorities(raw.ca, [...path, 'ca'], readCa, findings);
  const provider = resolveProvider(name, raw, hasSecret, ca);
  if (provider.clientAuth === 'private_key_jwt') checkClientKeys(named, secrets, findings);
  if (provider.clientAuth !== 'none' && !hasSecret)
    say(
      'clientAuth',
      `is ${provider.clientAuth}, but there is no client secret`,
      'set `clientSecret` (POSTERN_PROVIDER_CLIENT_SECRET), or write `clientAuth: none` for a public client',
      [
        [...path, 'clientSecret'],
        [...path, 'clientSecrets'],
      ],
    );
  return provider;
}

/** What signs assertions must be a private key: a secret in its place would only be found out at the first login. */
function checkClientKeys(
  { raw, path }: NamedProvider,
  secrets: readonly ClientSecret[],
  findings: Findings,
): void {
  for (const [at, { value }] of secrets.entries()) {
    if (value === '') continue; // could not be read, which was said
    try {
      readClientKey(value);
    } catch (error) {
      const place =
        raw.clientSecrets === undefined ? [...path, 'clientSecret'] : [...path, 'clientSecrets', at];
      findings.add(
        place,
        `\`${pathText(place)}\` ${(error as Error).message}.`,
        'make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`, and register its public half',
        { blind: true },
      );
    }
  }
}

/** A further audience is fetched with a refresh token only where there is one, and where something says which audience is meant. */
export function checkMoreAudiences(
  { raw, path }: NamedProvider,
  { moreAudiences, audienceParameter }: ProviderConfig,
  refresh: boolean,
  findings: Findings,
): void {
  if (moreAudiences !== 'refresh') return;
  const name = `\`${pathText([...path, 'moreAudiences'])}: refresh\``;
  const say = (words: string, wayOut: string, restsOn: Path[]): void =>
    findings.add([...path, 'moreAudiences'], `${name} ${words}.`, wayOut, { restsOn });
  if (!refresh)
    say('needs refresh tokens', 'write `session.refresh: true`, or `moreAudiences: redirect`', [
      ['session', 'refresh'],
    ]);
  if (audienceParameter === 'none')
    say(
      'cannot say which audience is meant: the provider has no parameter for it',
      'set `audienceParameter`, or write `moreAudiences: redirect`',
      raw.audienceParameter === undefined ? [[...path, 'kind']] : [[...path, 'audienceParameter']],
    );
}

/** Two providers must differ in issuer or client id: otherwise nothing tells their tokens apart. */
export function checkProvidersDiffer(all: readonly NamedProvider[], findings: Findings): void {
  const seen = new Map<string, string>();
  for (const { name, raw, path } of all) {
    const identity = JSON.stringify([raw.issuer, raw.clientId]);
    const first = seen.get(identity);
    if (first === undefined) seen.set(identity, name);
    else
      findings.add(
        [...path, 'clientId'],
        `The providers \`${first}\` and \`${name}\` have the same issuer and the same client id.`,
        'remove one of the two, or give it a client of its own',
        {
          restsOn: [
            [...path, 'issuer'],
            ['providers', first, 'issuer'],
            ['providers', first, 'clientId'],
          ],
        },
      );
  }
}
