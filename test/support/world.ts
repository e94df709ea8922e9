import { type IncomingHttpHeaders, request } from 'node:http';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import type { ProviderOptions } from '../../demo/provider-options.ts';
import { loadConfig } from '../../src/config/load.ts';
import { formatProblems } from '../../src/document/format.ts';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { loadRuleSet } from '../../src/rules/load.ts';

export const CLIENT_SECRET = 'client-secret-of-the-test-world-0123456789';
export const SESSION_SECRET = 'session-secret-of-the-test-world-0123456789';

/** What a test may say about its world. */
export interface WorldOptions {
  /** Rules files by name. */
  readonly rules: Readonly<Record<string, string>>;
  readonly provider?: Partial<ProviderOptions>;
  /** Hosts (with port, if any) whose callback is registered; `http` for loopback names, else `https`. */
  readonly hosts?: readonly string[];
  /** Environment over the defaults; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Unix seconds, for the gateway alone. */
  readonly now?: () => number;
  /** Default: there are no files. */
  readonly readFile?: (path: string) => string | undefined;
  /** In place of the provider that would be started: the issuer of another one. */
  readonly issuer?: string;
}

/** An answer of the gateway. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly setCookie: readonly string[];
  readonly body: string;
  /** `reason` of a problem JSON, or of the decision log. */
  readonly reason: string;
}

/** A gateway with a real provider on loopback. */
export interface World extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly provider: RunningProvider | undefined;
  readonly issuer: string;
  /** All that the gateway logged, a line each. */
  readonly log: readonly Record<string, unknown>[];
  /** Sends raw header lines to a listener. */
  send(
    listener: 'listen' | 'pagesListen' | 'adminListen',
    path: string,
    lines: readonly string[],
    method?: string,
    body?: string,
  ): Promise<Answer>;
}

/** Starts a world. The gateway runs in this process, its clock and log are the test's. */
export async function startTestWorld(options: WorldOptions): Promise<World> {
  const hosts = options.hosts ?? ['shop.localhost:8080'];
  const urls = (path: string): string[] =>
    hosts.map((host) => `${/localhost(?::|$)/.test(host) ? 'http' : 'https'}://${host}/_auth/${path}`);
  const provider =
    options.issuer === undefined
      ? await startProvider({
          people: [],
          resources: [],
          clients: [
            {
              client_id: 'shop',
              client_secret: CLIENT_SECRET,
              redirect_uris: urls('callback'),
              post_logout_redirect_uris: urls('logged-out'),
            },
            {
              client_id: 'robot',
              client_secret: CLIENT_SECRET,
              grant_types: ['client_credentials'],
              redirect_uris: [],
              response_types: [],
            },
          ],
          ...options.provider,
        })
      : undefined;
  const issuer = options.issuer ?? provider?.issuer ?? '';
  const loaded = loadConfig({
    path: undefined,
    env: {
      POSTERN_PROVIDER_ISSUER: issuer,
      POSTERN_PROVIDER_CLIENT_ID: 'shop',
      POSTERN_PROVIDER_CLIENT_SECRET: CLIENT_SECRET,
      POSTERN_SESSION_SECRET: SESSION_SECRET,
      POSTERN_LISTEN: '127.0.0.1:0',
      POSTERN_PAGES_LISTEN: '127.0.0.1:0',
      POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
      POSTERN_LOG_DECISIONS: 'all',
      ...options.env,
    },
    cwd: '/',
    readFile: options.readFile ?? (() => undefined),
    now: Math.floor(Date.now() / 1000),
  });
  if ('problems' in loaded) throw new Error(formatProblems(loaded.problems));
  const rules = loadRuleSet(Object.entries(options.rules).map(([file, text]) => ({ file, text })));
  if ('problems' in rules) throw new Error(formatProblems(rules.problems));

  const log: Record<string, unknown>[] = [];
  const gateway = await startGateway(loaded.config, loaded.secrets, rules.ruleSet, {
    logTo: { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) },
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  return {
    gateway,
    provider,
    issuer,
    log,
    async send(listener, path, lines, method = 'GET', body) {
      const answer = await sendLines(gateway.addresses[listener], path, lines, method, body);
      return { ...answer, reason: answer.reason || String(log.at(-1)?.['reason'] ?? '') };
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await provider?.close();
    },
  };
}

/** Sends one request whose header lines are exactly these (names and values in turn), beside `Host` if none is named. */
export function sendLines(
  address: string,
  path: string,
  lines: readonly string[],
  method: string,
  body?: string,
): Promise<Answer> {
  const [host, port] = address.split(':');
  const hasHost = lines.some((line, index) => index % 2 === 0 && line.toLowerCase() === 'host');
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host,
        port,
        path,
        method,
        agent: false,
        setHost: !hasHost,
        headers: [...(hasHost ? [] : ['Host', address]), ...lines] as never,
      },
      (response) => {
        let received = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          received += chunk;
        });
        response.on('end', () => {
          const { headers, statusCode = 0 } = response;
          const isProblem = headers['content-type'] === 'application/problem+json';
          const reason = isProblem ? String((JSON.parse(received) as { reason: unknown }).reason) : '';
          const setCookie = headers['set-cookie'] ?? [];
          resolve({ status: statusCode, headers, setCookie, body: received, reason });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
