import { readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { CHECK_OPTIONS, check } from './commands/check.ts';
import { type ExitCode, misuse } from './commands/command.ts';
import { DOCTOR_OPTIONS, doctor } from './commands/doctor.ts';
import { proxy } from './commands/proxy.ts';
import { RULES_OPTIONS, rules } from './commands/rules.ts';
import { schema } from './commands/schema.ts';
import { serve } from './commands/serve.ts';
import { SESSIONS_OPTIONS, sessions } from './commands/sessions.ts';
import { usage } from './commands/usage.ts';
import { nearestWord } from './document/nearest-word.ts';

/** So that a slip of the pen gets a short answer. */
const NAMES = ['serve', 'check', 'rules', 'schema', 'proxy', 'doctor', 'sessions', 'help'];

/** Runs one command. @param argv without the program */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const out = (text: string): void => void process.stdout.write(text);
  const err = (text: string): void => void process.stderr.write(text);
  const wrong = (message: string, json: boolean): ExitCode =>
    misuse({ out, err, json }, message, 'see postern --help');
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    // Node's own sentence goes on about `--`; its first part says enough.
    return wrong((error as Error).message.split('. ')[0] ?? '', argv.includes('--json'));
  }
  const { values, positionals } = parsed;
  const json = values.json === true;
  if (values.help === true || positionals[0] === 'help') {
    const words = positionals[0] === 'help' ? positionals.slice(1) : positionals;
    out(usage(words.slice(0, isGroup(words[0]) ? 2 : 1).join(' ')));
    return 0;
  }
  if (values.version === true) {
    out(`postern ${version()}\n`);
    return 0;
  }
  const [name = 'serve', ...more] = positionals;
  const strange = strangeOption(isGroup(name) ? `${name} ${more[0] ?? ''}`.trimEnd() : name, values);
  if (strange !== undefined) return wrong(strange, json);
  const invocation = {
    env: process.env,
    cwd: process.cwd(),
    configPath: values.config,
    json,
    out,
    err,
  };
  if (name === 'proxy') {
    const { gateway, upstream: upstreams = [] } = values;
    return proxy({ ...invocation, words: more, gateway, upstreams });
  }
  if (name === 'schema') return schema({ ...invocation, words: more });
  if (name === 'rules')
    return rules({ ...invocation, words: more, values, stdin: () => readAll(process.stdin) });
  if (name === 'sessions') return sessions({ ...invocation, words: more, values });
  if (!NAMES.includes(name)) return wrong(`there is no command "${name}"${meant(name)}`, json);
  if (more.length > 0) return wrong(`"${more[0]}" is one word too many`, json);
  if (name === 'doctor') return doctor({ ...invocation, values });
  return name === 'check' ? check({ ...invocation, values }) : serve(invocation);
}

/** Commands that are named by two words. */
const isGroup = (name: string | undefined): boolean => name === 'rules' || name === 'sessions';

const meant = (name: string): string => {
  const near = nearestWord(name, NAMES);
  return near === undefined ? '' : `; did you mean "${near}"?`;
};

// One folder up from src and from dist alike.
const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

/** The options that every command has. */
const COMMON = ['config', 'json', 'help', 'version'];

/** Those that only some have, by command. */
export const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  check: CHECK_OPTIONS,
  proxy: ['gateway', 'upstream'],
  doctor: DOCTOR_OPTIONS,
  ...RULES_OPTIONS,
  ...SESSIONS_OPTIONS,
};

/** @returns in words, which option does not belong to the command. */
function strangeOption(command: string, values: object): string | undefined {
  const own = [...COMMON, ...(OPTIONS[command] ?? [])];
  const strange = Object.keys(values).find((option) => !own.includes(option));
  if (strange === undefined) return undefined;
  const owners = Object.keys(OPTIONS).filter((name) => OPTIONS[name]?.includes(strange));
  return `--${strange} belongs to ${owners.map((name) => `\`postern ${name}\``).join(', ')}`;
}

const parse = (argv: readonly string[]) =>
  parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      version: { type: 'boolean', short: 'v' },
      config: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      gateway: { type: 'string' },
      upstream: { type: 'string', multiple: true },
      rules: { type: 'string' },
      scopes: { type: 'string' },
      audience: { type: 'string', multiple: true },
      acr: { type: 'string' },
      'login-age': { type: 'string' },
      token: { type: 'string' },
      junit: { type: 'string' },
      out: { type: 'string' },
      id: { type: 'string' },
      subject: { type: 'string' },
      client: { type: 'string' },
      sid: { type: 'string' },
      provider: { type: 'string' },
      limit: { type: 'string' },
      proxy: { type: 'string' },
      'traefik-api': { type: 'string' },
      host: { type: 'string', multiple: true },
      probe: { type: 'boolean' },
    },
  });
