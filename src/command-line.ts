import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ExitCode, misuse } from './commands/command.ts';

/**
 * Runs one command. Commands are loaded when they are named, so that a gateway at work carries none of the others.
 * @param argv without the program
 */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const out = (text: string): void => void process.stdout.write(text);
  const err = (text: string): void => void process.stderr.write(text);
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    // Node's own sentence goes on about `--`; its first part says enough.
    const message = (error as Error).message.split('. ')[0] ?? '';
    return misuse({ out, err, json: argv.includes('--json') }, message, 'see postern --help');
  }
  const { values, positionals } = parsed;
  const [name = 'serve', ...more] = positionals;
  if (values.version === true && values.help !== true && name !== 'help') {
    out(`postern ${version()}\n`);
    return 0;
  }
  const json = values.json === true;
  const invocation = { env: process.env, cwd: process.cwd(), configPath: values.config, json, out, err };
  const wantsHelp = values.help === true || name === 'help';
  if (!wantsHelp && name === 'serve' && more.length === 0 && isPlain(values)) {
    const { serve } = await import('./commands/serve.ts');
    return serve(invocation);
  }
  const { isGroup, runOther } = await import('./commands/other-commands.ts');
  if (!wantsHelp) return runOther(name, more, values, invocation);
  const { usage } = await import('./commands/usage.ts');
  const words = name === 'help' ? more : positionals;
  out(usage(words.slice(0, isGroup(words[0]) ? 2 : 1).join(' ')));
  return 0;
}

/** Whether there is no option but those that every command has. */
const isPlain = (values: object): boolean =>
  Object.keys(values).every((option) => option === 'config' || option === 'json');

// One folder up from src and from dist alike.
const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

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
