import { fillTenant, holdsTenant, TENANT_PLACEHOLDER } from '../document/tenant-text.ts';
import type { LoginUrl, TenantsConfig } from './config.ts';
import type { Findings, Path } from './findings.ts';
import { pathText } from './key.ts';
import { urlFault } from './provider-url.ts';
import type { NamedProvider } from './providers.ts';

/** What the rest of the configuration says of where answers of the provider come to. */
export interface TemplateTerms {
  readonly tenants: TenantsConfig | undefined;
  readonly loginUrl: LoginUrl | undefined;
  readonly basePath: string;
  readonly insecureHttp: boolean;
}

/** Any tenant: a template is a URL once it is filled. */
const SOMEBODY = 'tenant';

/** Checks the keys of a provider in which `{tenant}` may stand, against what the rest of the configuration says of tenants. */
export function checkTemplates({ raw, path }: NamedProvider, terms: TemplateTerms, findings: Findings): void {
  const say = (key: string, words: string, wayOut: string, restsOn: Path[] = []): void =>
    findings.add([...path, key], `\`${pathText([...path, key])}\` ${words}.`, wayOut, { restsOn });
  const { tenants } = terms;
  for (const key of ['issuer', 'redirectUri', 'acrValues'] as const)
    if (tenants === undefined && holdsTenant(raw[key] ?? ''))
      say(key, 'holds `{tenant}`, and no tenants are configured', 'add `tenants: { list: [acme] }`', [
        ['tenants'],
      ]);
  if (holdsTenant(raw.issuer)) {
    if (!/^https?:\/\/(?:[^{}]*[/.])?\{tenant\}(?:[/.:][^{}]*)?$/.test(raw.issuer))
      say(
        'issuer',
        'may hold `{tenant}` once, as one whole label or path segment',
        'write for example `https://login.example.com/{tenant}/v2.0`',
      );
    if (tenants !== undefined && tenants.list === undefined)
      say(
        'issuer',
        'holds `{tenant}`, and `tenants.form` alone would let anybody choose which provider is asked',
        'write `tenants.list`, with the tenants that there are',
        [['tenants', 'list']],
      );
  }
  if (
    raw.acrValues !== undefined &&
    !/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(raw.acrValues)
  )
    say(
      'acrValues',
      'must be values with one blank between them',
      'write for example `"tenant:{tenant}"`, without quotes and backslashes inside',
    );
  if (raw.redirectUri !== undefined) {
    const fault = redirectFault(raw.redirectUri, terms);
    if (fault !== undefined) say('redirectUri', ...fault, [['tenants'], ['loginUrl'], ['basePath']]);
  }
}

/** @returns what completes "`provider.redirectUri` …", and the way out. */
function redirectFault(
  template: string,
  { tenants, loginUrl, basePath, insecureHttp }: TemplateTerms,
): readonly [string, string] | undefined {
  const filled = fillTenant(template, SOMEBODY);
  const fault = urlFault(filled, { path: true, query: false }, insecureHttp);
  if (fault !== undefined) return [fault.words, fault.wayOut];
  const callback = `${basePath}/callback`;
  const { origin } = new URL(filled);
  if (!filled.startsWith(`${origin}/`))
    return ['is not spelled as browsers spell it', `write it with \`${origin}\``];
  if (!holdsTenant(template)) {
    if (filled !== `${origin}${callback}`)
      return [`must end with ${callback} right behind the host`, `write \`${origin}${callback}\``];
    return loginUrl === undefined || loginUrl.origin === origin
      ? undefined
      : [
          'is not at `loginUrl`, where answers come to',
          `write \`${loginUrl.origin}${callback}\`, or remove it`,
        ];
  }
  if (loginUrl !== undefined)
    return ['has a tenant, and `loginUrl` has one redirect URI for all', 'remove one of the two'];
  const [, rest = ''] = /^https?:\/\/\{tenant\}\.([^{}]*)$/.exec(template) ?? [];
  if (rest !== '' && filled === `${origin}${callback}`)
    return tenants?.in === 'path'
      ? [
          'has the tenant in its host, and `tenants.in` is path',
          `write \`https://app.example.com/{tenant}${callback}\``,
        ]
      : undefined;
  if (
    filled === `${origin}/${SOMEBODY}${callback}` &&
    template.endsWith(`/${TENANT_PLACEHOLDER}${callback}`) &&
    template.split(TENANT_PLACEHOLDER).length === 2
  )
    return tenants?.in === 'host'
      ? [
          'has the tenant in its path, and `tenants.in` is host',
          `write \`https://{tenant}.example.com${callback}\``,
        ]
      : undefined;
  return [
    `may hold \`{tenant}\` as its whole first label or its whole first path segment only, and ends with ${callback}`,
    `write \`https://{tenant}.example.com${callback}\` or \`https://app.example.com/{tenant}${callback}\``,
  ];
}
