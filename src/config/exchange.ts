import type { ExchangeConfig, FederationConfig, ProviderConfig } from './config.ts';
import type { Findings, Path } from './findings.ts';
import { pathText } from './key.ts';
import { urlFault } from './provider-url.ts';
import type { RawConfig } from './schema.ts';

type Providers = ReadonlyMap<string, ProviderConfig>;

/** Reads which tokens may be exchanged for which. Whether an app says so is the rules'. */
export function readExchanges(raw: RawConfig, providers: Providers, findings: Findings): ExchangeConfig[] {
  const names = new Set<string>();
  return (raw.exchange ?? []).map((entry, at) => {
    const path: Path = ['exchange', at];
    const { name, from, to, bearer } = entry;
    if (names.has(name))
      findings.add([...path, 'name'], `Two exchanges are called \`${name}\`.`, 'rename one of the two');
    names.add(name);
    checkIssuer([...path, 'from', 'issuer'], from.issuer, raw, findings);
    if (from.audience === to.audience)
      findings.add(
        [...path, 'to', 'audience'],
        `The exchange \`${name}\` leads to the audience that it comes from.`,
        'remove it: a token that is good for this audience is not exchanged',
      );
    checkProvider(path, entry, providers, findings);
    return { name, provider: entry.provider, from, to, bearer };
  });
}

type RawExchange = NonNullable<RawConfig['exchange']>[number];

function checkProvider(
  path: Path,
  { name, provider }: RawExchange,
  providers: Providers,
  findings: Findings,
): void {
  const asked = provider === undefined ? [...providers.values()] : [providers.get(provider)];
  if (asked.includes(undefined))
    findings.add(
      [...path, 'provider'],
      `The configuration has no provider \`${provider}\`.`,
      `write one of ${[...providers.keys()].join(', ')}`,
      { restsOn: [['providers'], ['provider']] },
    );
  // RFC 8693 section 5: whoever holds a token could exchange it, if nobody had to prove who asks.
  else if (asked.length > 0 && asked.every((one) => one?.clientAuth === 'none'))
    findings.add(
      path,
      `The exchange \`${name}\` has no client that could prove itself at the provider.`,
      'give the provider a client secret',
      { restsOn: [['provider'], ['providers']] },
    );
}

/** Reads whose service tokens get an internal one. */
export function readFederation(
  raw: RawConfig,
  exchanges: readonly ExchangeConfig[],
  providers: Providers,
  findings: Findings,
): FederationConfig[] {
  const seen = new Set<string>();
  return (raw.federation ?? []).map(({ issuer, subject, audience, exchange }, at) => {
    const path: Path = ['federation', at];
    checkIssuer([...path, 'issuer'], issuer, raw, findings);
    if ([...providers.values()].some((provider) => provider.issuer === issuer))
      findings.add(
        [...path, 'issuer'],
        `\`${issuer}\` is a provider of ours: its access tokens decide by themselves.`,
        'remove the entry; for a token of another audience, write an `exchange` with `bearer: true`',
      );
    if (!exchanges.some(({ name }) => name === exchange))
      findings.add(
        [...path, 'exchange'],
        `There is no exchange \`${exchange}\`.`,
        exchanges.length === 0
          ? 'write it under `exchange`'
          : `write one of ${exchanges.map(({ name }) => name).join(', ')}`,
        { restsOn: [['exchange']] },
      );
    const key = JSON.stringify([issuer, subject, audience, exchange]);
    if (seen.has(key)) findings.add(path, 'This entry stands twice.', 'remove one of the two');
    seen.add(key);
    return { issuer, subject, audience, exchange };
  });
}

function checkIssuer(path: Path, issuer: string, { insecureHttp }: RawConfig, findings: Findings): void {
  const fault = urlFault(
    issuer,
    { path: true, query: false },
    insecureHttp || findings.isBroken(['insecureHttp']),
  );
  if (fault !== undefined) findings.add(path, `\`${pathText(path)}\` ${fault.words}.`, fault.wayOut);
}

/** A further audience is had by an exchange only where one begins at this provider. */
export function checkMoreByExchange(
  path: Path,
  { issuer, moreAudiences }: ProviderConfig,
  exchanges: readonly ExchangeConfig[],
  findings: Findings,
): void {
  if (moreAudiences !== 'exchange' || exchanges.some(({ from }) => from.issuer === issuer)) return;
  findings.add(
    [...path, 'moreAudiences'],
    `\`${pathText([...path, 'moreAudiences'])}: exchange\` has no exchange of a token of ${issuer}.`,
    'write one under `exchange`, or `moreAudiences: redirect`',
    { restsOn: [['exchange'], [...path, 'issuer']] },
  );
}
