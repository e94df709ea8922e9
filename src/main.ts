#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { check } from './commands/check.ts';
import type { ExitCode, Invocation } from './commands/command.ts';
import { proxy } from './commands/proxy.ts';
import { serve } from './commands/serve.ts';
import { nearestWord } from './document/nearest-word.ts';

/** So that a slip of the pen gets a short answer. */
const NAMES = ['serve', 'check', 'proxy'];

const COMMANDS: Readonly<Record<string, (invocation: Invocation) => Promise<ExitCode>>> = { serve, check };

const USAGE = `postern: decides every URL by the scopes and the audience of an access token

  postern [serve]   answer the proxy and the people            (the default)
  postern check     load configuration and rules, offline, and show how they are understood
  postern proxy traefik-labels|traefik-file|traefik-crd|caddy|nginx|envoy
                    print middleware and routers for the loaded hosts and headers
    --gateway HOST      where the proxy finds the gateway (default: the host of listen, or "postern")
    --upstream APP=URL  where an app is; once for each

  --config FILE     the configuration; else POSTERN_CONFIG, ./postern.yaml, /etc/postern/postern.yaml
  --json            answer in JSON
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
  const { gateway, upstream: upstreams } = values;
  if (name !== 'proxy' && (gateway ?? upstreams) !== undefined)
    return misuse('--gateway and --upstream belong to `postern proxy`');
  const invocation = {
    env: process.env,
    cwd: process.cwd(),
    configPath: values.config,
    json: values.json === true,
    out,
    err,
  };
  if (name === 'proxy') return proxy({ ...invocation, words: more, gateway, upstreams: upstreams ?? [] });
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
    },
  });

// The package needs Node 24: on an older one, TypeScript sources do not even load, and the build says so itself.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`postern needs Node 24 or newer; this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await main(process.argv.slice(2));
}
