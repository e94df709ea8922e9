import * as z from 'zod';
import { jsonText } from '../document/json-text.ts';
import { pathText } from './key.ts';
import { KEYS, type Key } from './keys.ts';
import { PRESETS } from './presets.ts';
import { CONFIG_SCHEMA } from './schema.ts';

/** @returns docs/configuration.md: every key with its variable, default and meaning. */
export function renderReference(): string {
  return `# Configuration

<!-- Generated from src/config/schema.ts by \`npm run docs\`. -->

The configuration file is YAML. It is looked for at \`--config\`, \`POSTERN_CONFIG\`, \`./postern.yaml\` and
\`/etc/postern/postern.yaml\`; the first that exists is read. Without a file the environment must say enough: a provider
(\`POSTERN_PROVIDER_ISSUER\`, \`POSTERN_PROVIDER_CLIENT_ID\`) and a session secret (\`POSTERN_SESSION_SECRET\`).
\`postern.example.yaml\` is a file to begin with; \`schema/postern.json\` is its JSON Schema, for editors.

- The environment wins over the file. Lists are written with commas: \`POSTERN_TRUSTED_PROXIES=10.0.0.0/8,loopback\`.
- A secret can also stand in a file of its own, named by the variable with \`_FILE\` behind it. One final line break does not
  count. Setting both variables is an error. Lists of secrets name their files with commas.
- In the file a secret is \`{ env: NAME }\`, \`{ file: path }\`, \`{ value: … }\` or plain text.
- Paths in the file are relative to the file; paths in variables are relative to the working directory.
- Unknown keys and unknown \`POSTERN_*\` variables are errors. What Kubernetes injects for services
  (\`POSTERN_PORT\`, \`POSTERN_SERVICE_HOST\` and the like) is ignored.
- A duration is a whole number with a unit: \`30s\`, \`15m\`, \`12h\`, \`2d\`.

## Keys

${table(['Key', 'Variable', 'Default', 'What'], KEYS.map(keyRow))}

## Kinds of provider

A key that is written wins over its kind. A client without a secret has \`clientAuth: none\`.

${table(
  ['kind', ...PRESET_KEYS],
  Object.entries(PRESETS).map(([kind, preset]) => [
    code(kind),
    preset.clientAuth,
    preset.audienceParameter,
    String(preset.offlineConsent),
    preset.idTokenAlg,
    preset.profile,
    preset.algorithms.join(', '),
    preset.scopeClaim,
  ]),
)}
`;
}

const PRESET_KEYS = [
  'clientAuth',
  'audienceParameter',
  'offlineConsent',
  'idTokenAlg',
  'tokens.profile',
  'tokens.algorithms',
  'tokens.scopeClaim',
];

/** @returns the JSON Schema of the configuration file, for editors. */
export function renderJsonSchema(): string {
  const schema = z.toJSONSchema(CONFIG_SCHEMA, { io: 'input', target: 'draft-7' });
  const { $schema, ...rest } = schema;
  // The environment may give what the file leaves out.
  for (const part of Object.values(rest.properties ?? {})) if (typeof part === 'object') delete part.required;
  return jsonText({ $schema, title: 'Postern configuration', ...rest });
}

function keyRow({ path, facts, kind, variable, byDefault, required, values = [] }: Key): string[] {
  const secret = kind === 'secret' || kind === 'secrets' || kind === 'listOrFile';
  const variables = variable === undefined ? [] : secret ? [variable, `${variable}_FILE`] : [variable];
  const given =
    byDefault === undefined ? (facts.byDefault ?? (required ? 'required' : '')) : code(plain(byDefault));
  const head = values.length === 1 ? 'So far only' : kind === 'list' ? 'Any of' : 'One of';
  const choice = values.length === 0 ? '' : ` ${head} ${values.map(code).join(', ')}.`;
  return [code(pathText(path)), variables.map(code).join('<br>'), given, facts.what + choice];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text: string): string => `\`${text}\``;

const plain = (value: unknown): string => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value));
