#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { check } from './commands/check.ts';
import type { ExitCode, Invocation } from './commands/command.ts';
import { proxy } from './commands/proxy.ts';
import { RULES_OPTIONS, rules } from './commands/rules.ts';
import { schema } from './commands/schema.ts';
import { serve } from './commands/serve.ts';
import { nearestWord } from './document/nearest-word.ts';

/** So that a slip of the pen gets a short answer. */
const NAMES = ['serve', 'check', 'rules', 'schema', 'proxy'];

const COMMANDS: Readonly<Record<string, (invocation: Invocation) => Promise<ExitCode>>> = { serve, check };

const USAGE = `postern: decides every URL by the scopes and the audience of an access token

  postern [serve]     answer the proxy and the people            (the default)
  postern check       load configuration and rules, offline; run the tests of the rules; show how
                      everything is understood, and what is worth a second look
  postern rules test                run the tests of the rules
    --junit FILE        write the results as JUnit XML, too
  postern rules explain GET https://shop.example.com/api/orders/7
                      which rule wins and why, and what the proxy would get
    --scopes LIST       for a caller whose token has these scopes; "" for none; else for nobody
    --audience TEXT     the token's audience (default: the app's); once for each
    --acr TEXT          how the person authenticated;  --login-age 5m  how long ago
    --token -           for the token on the standard input, validated as the server does
  postern rules table               every rule in the order of precedence, for a review
  postern rules diff OLD NEW        what a change of rules lets in, and what it shuts out; each
                      a folder, a file or a revision such as HEAD~1
  postern rules import FILE         rules from the application.yaml of dniel's ForwardAuth
    --out FOLDER        where they go (default: the standard output)
    --rules PATH        for test, explain and table: a folder or a file, without a configuration
  postern schema [rules|config]     the JSON Schema of a rules file or of the configuration
  postern proxy traefik-labels|traefik-file|traefik-crd|caddy|nginx|envoy
                      print middleware and routers for the loaded hosts and headers
    --gateway HOST      where the proxy finds the gateway (default: the host of listen, or postern)
    --upstream APP=URL  where an app is; once for each

  --config FILE       the configuration; else POSTERN_CONFIG, ./postern.yaml,
                      /etc/postern/postern.yaml
  --json              answer in JSON
  --help, --version

Exit codes: 0 good, 1 findings, 2 a wrong call, or a gateway that cannot start.
`;

async function main(argv: readonly string[]): Promise<ExitCode> {
  const out = (text: string): void => void process.stdout.write(text);
  const err = (text: string): void => void process.stderr.write(text);
  const misuse = (message: string): ExitCode => {
    err(`postern: ${message}\n  -> see postern --help\n`);
    return 2;
  };
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    // Node's own sentence goes on about `--`; its first part says enough.
    return misuse((error as Error).message.split('. ')[0] ?? '');
  }
  const { values, positionals } = parsed;
  if (values.help === true || values.version === true) {
    out(values.help === true ? USAGE : `postern ${version()}\n`);
    return 0;
  }
  const [name = 'serve', ...more] = positionals;
  const strange = strangeOption(name === 'rules' ? `rules ${more[0] ?? ''}`.trimEnd() : name, values);
  if (strange !== undefined) return misuse(strange);
  const invocation = {
    env: process.env,
    cwd: process.cwd(),
    configPath: values.config,
    json: values.json === true,
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
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined || more.length > 0) {
    return misuse(
      command === undefined
        ? `there is no command "${name}"${meant(name)}`
        : `"${more[0]}" is one word too many`,
    );
  }
  return command(invocation);
}

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
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  proxy: ['gateway', 'upstream'],
  ...RULES_OPTIONS,
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
    },
  });

// The package needs Node 24: on an older one, TypeScript sources do not even load, and the build says so itself.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`postern needs Node 24 or newer; this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await main(process.argv.slice(2));
}
