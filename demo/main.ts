import { parseArgs } from 'node:util';
import { checkWorld } from './check.ts';
import { guide } from './guide.ts';
import { startWorld, type World } from './world.ts';

const USAGE = `npm run demo [-- options]

  --check         drive the whole story without a browser; exit 0 only if each hop was right
  --port N        of the proxy (default: 8080 or the next free one; with --check: any free one)
  --proxy P       "built-in", or a Traefik program (default: TRAEFIK_BIN, traefik on the path, else built-in)
  --help          this text
`;

const parse = (argv: readonly string[]) =>
  parseArgs({
    args: [...argv],
    options: {
      check: { type: 'boolean', default: false },
      port: { type: 'string' },
      proxy: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** @returns the exit code: 0 good, 1 a hop was wrong or something did not start, 2 misuse */
export async function main(argv: readonly string[]): Promise<0 | 1 | 2> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse(argv);
  } catch (error) {
    process.stderr.write(`demo: ${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const port = options.port === undefined ? undefined : Number(options.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    process.stderr.write(`demo: --port ${options.port} is not a port\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    print(USAGE);
    return 0;
  }
  const ended = endSignal();
  try {
    const chosen = port ?? (options.check ? 0 : undefined);
    await using world = await startWorld({
      ...(chosen === undefined ? {} : { port: chosen }),
      ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
      ...(options.check ? {} : { onEvent: printEvent }),
    });
    return options.check
      ? await Promise.race([check(world), ended.then(() => 1 as const)])
      : await show(world, ended);
  } catch (error) {
    process.stderr.write(`demo: ${(error as Error).message}\n`);
    return 1;
  }
}

const check = async (world: World): Promise<0 | 1> => ((await checkWorld(world, print)) ? 0 : 1);

async function show(world: World, ended: Promise<void>): Promise<0> {
  print(guide(world));
  await ended;
  print('\nEnding the provider, the gateway, the apps and the proxy.');
  return 0;
}

/** An event of the gateway's log, made short: people look at it beside a browser. */
function printEvent(event: Readonly<Record<string, unknown>>): void {
  const { status, reason, method, host, path } = event;
  if (event['event'] === 'decided') print(`${status} ${String(reason).padEnd(17)} ${method} ${host}${path}`);
  else if (event['level'] !== 'info') print(JSON.stringify(event));
}

const endSignal = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve());
  });

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
