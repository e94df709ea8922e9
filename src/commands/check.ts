import type { Address } from '../config/config.ts';
import { formatProblems } from '../document/format.ts';
import type { App } from '../rules/rule-set.ts';
import type { ExitCode, Invocation } from './command.ts';
import { type Loaded, loadAll } from './load-all.ts';

/** Loads everything offline and prints how it was understood, presets as resolved; or every problem with its place. */
export async function check(invocation: Invocation): Promise<ExitCode> {
  const loaded = await loadAll(invocation);
  if ('problems' in loaded) {
    if (invocation.json)
      invocation.out(`${JSON.stringify({ ok: false, problems: loaded.problems }, null, 2)}\n`);
    else invocation.err(`${formatProblems(loaded.problems)}\n`);
    return 1;
  }
  const { config, ruleSet, configFile } = loaded;
  if (invocation.json) {
    const providers = Object.fromEntries(config.providers);
    const apps = ruleSet.apps.map(({ name, hosts, audiences }) => ({ name, hosts, audiences }));
    const answer = {
      ok: true,
      config: { ...config, providers },
      configFile,
      rules: { version: ruleSet.version, apps },
    };
    invocation.out(`${JSON.stringify(answer, null, 2)}\n`);
  } else {
    invocation.out(describe(loaded));
  }
  return 0;
}

function describe({ config, ruleSet, configFile }: Loaded): string {
  const lines = [
    `configuration  ${configFile ?? 'environment only'}`,
    `rules          ${config.rules} (version ${ruleSet.version})`,
    `listen         ${text(config.listen)} for ${config.trustedProxies.join(', ')}: ${config.endpoints.join(', ')}`,
    `pagesListen    ${text(config.pagesListen)}`,
    `adminListen    ${text(config.adminListen)}`,
    '',
  ];
  for (const {
    name,
    kind,
    issuer,
    clientId,
    clientAuth,
    audienceParameter,
    tokens,
  } of config.providers.values()) {
    lines.push(
      `provider ${name} (${kind})`,
      `  issuer             ${issuer}`,
      `  clientId           ${clientId}`,
      `  clientAuth         ${clientAuth}`,
      `  audienceParameter  ${audienceParameter}`,
      `  tokens             ${tokens.profile}, ${tokens.scopeClaim}, ${tokens.algorithms.join(' ')}`,
      '',
    );
  }
  for (const app of ruleSet.apps) {
    lines.push(`app ${app.name}: ${app.hosts.join(', ')}`, ...askedLines(app), '');
  }
  lines.push('Everything loads. Start it with: postern serve', '');
  return lines.join('\n');
}

const text = ({ host, port }: Address): string =>
  `${host === '' ? 'every interface' : host.includes(':') ? `[${host}]` : host}:${port}`;

/** What a login of the app asks the provider for. */
const askedLines = (app: App): readonly string[] => [
  `  audience           ${app.audiences.join(', ') || 'none'}`,
  ...[...app.scopesByAudience].map(
    ([audience, scopes]) => `  scopes             ${scopes.join(' ') || 'none'} (${audience})`,
  ),
];
