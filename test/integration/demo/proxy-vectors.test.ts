/**
 * Replays requests that were recorded with Traefik 3.7.9 against the built-in proxy, byte by byte, and compares
 * what the check got, what the upstream got and what the client got.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunningProxy, startProxy } from '../../../demo/proxy.ts';
import { PRESHARED, PRESHARED_CIPHERS, rawExchange } from './raw-exchange.ts';
import { type Recorder, startRecorder } from './recorder.ts';

type Line = readonly [name: string, value: string];

interface Case {
  readonly name: string;
  readonly entryPoint: { readonly tls: boolean };
  readonly middlewares: readonly Record<
    string,
    { forwardAuth?: { trustForwardHeader?: boolean; authResponseHeaders?: readonly string[] } }
  >[];
  readonly client: { readonly rawSquashed: string };
  readonly auth: { readonly method: string; readonly url: string; readonly headers: readonly Line[] };
  readonly upstream: {
    readonly method: string;
    readonly url: string;
    readonly headers: readonly Line[];
    readonly body?: string;
  } | null;
  readonly response: { readonly status: number; readonly headers: readonly Line[]; readonly body: string };
}

const NOT_REPLAYED: Record<string, string> = {
  'spoof-webtrust-ttrue': 'the entry point trusts its peer; the built-in proxy is the edge and trusts nobody',
  'dup-trusted-ttrue': 'the entry point trusts its peer; the built-in proxy is the edge and trusts nobody',
  'preserve-method-post': 'the option preserveRequestMethod is not built in: the check is always a GET',
  'chain-strip-auth': 'a path middleware stands before the check; the built-in proxy has none',
  'selfloop-untrusted': 'the misconfiguration is the address of the check, not the proxy',
  'flood-nodedef-1015-hides-uri':
    'the recorded check dropped the lines itself (node keeps 1023 by default); proxy.test.ts has a flood of its own',
  'path-double-slash-nosan': 'the entry point has sanitizePath: false; the built-in proxy always cleans',
  'query-raw-utf8-and-specials':
    'node refuses raw bytes above 0x7f in a request line with 400 before any code runs; Traefik asks the check first',
};

const file = resolve(import.meta.dirname, '../../../../shared/vectors/traefik-requests.json');
const cases: readonly Case[] = existsSync(file) ? JSON.parse(readFileSync(file, 'latin1')).cases : [];

// The answers that the recorded check gave on demand; without demand it permitted.
const PERMIT: readonly Line[] = [
  ['X-Auth-User', 'alice'],
  ['X-Auth-Groups', 'a'],
  ['X-Auth-Groups', 'b'],
  ['X-Unlisted', 'zzz'],
];
const ON_DEMAND: Record<
  string,
  (recorded: Case) => { status: number; lines: readonly Line[]; body: string }
> = {
  authz: () => ({
    status: 200,
    lines: [
      ['Authorization', 'Bearer minted'],
      ['Cookie', 'stripped=1'],
      ['X-Forwarded-Uri', '/rewritten'],
    ],
    body: '',
  }),
  redir: ({ response }) => ({ ...response, lines: response.headers }),
  redirrel: ({ response }) => ({
    ...response,
    lines: response.headers.map(([name, value]) => [name, name === 'Location' ? '/login?rd=%2Ffoo' : value]),
  }),
  s401: ({ response }) => ({ ...response, lines: response.headers }),
};

/** What `trustForwardHeader: false` changes for a peer that is not trusted: two headers less, and the scheme of the hop. */
function asUntrusted(lines: readonly Line[]): Line[] {
  return lines
    .filter(([name]) => name !== 'X-Forwarded-Server' && name !== 'X-Real-Ip')
    .map(([name, value]) => [name, name === 'X-Forwarded-Proto' ? value.replace(/^ws/, 'http') : value]);
}

/** Node's client says so on its own hop; Go's says nothing. */
const ownHop = ([name, value]: Line) => name === 'Connection' && value === 'keep-alive';

/** For an upstream: any order, any case, one Cookie line for several, and no `Accept-Encoding` of Go's own. */
function loosely(lines: readonly Line[], clientLines: string): string[] {
  const careless = !/^accept-encoding:/im.test(clientLines);
  const cookies = lines.filter(([name]) => name === 'Cookie').map(([, value]) => value);
  return lines
    .filter(([name]) => name !== 'Cookie' && !(careless && name === 'Accept-Encoding'))
    .concat(cookies.length > 0 ? [['Cookie', cookies.join('; ')]] : [])
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .sort();
}

// An empty answer may be framed either way.
const HOP = ['connection', 'keep-alive', 'date', 'transfer-encoding'];
const unframed = (body: string) => (body === '0\r\n\r\n' ? '' : body);
const answered = (lines: readonly Line[]) =>
  lines
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name, value]) => !HOP.includes(name) && !(name === 'content-length' && value === '0'))
    .map((line) => line.join(': '))
    .sort();

let current: Case | undefined;
let check: Recorder;
let upstream: Recorder;

function answerCheck(demand: string | undefined, res: ServerResponse): void {
  const made = current && demand !== undefined ? ON_DEMAND[demand]?.(current) : undefined;
  const { status, lines, body } = made ?? { status: 200, lines: PERMIT, body: '' };
  res.writeHead(status, lines.flat()).end(body, 'latin1');
}

beforeAll(async () => {
  check = await startRecorder((req, res) =>
    answerCheck(req.headers['x-lab-auth'] as string | undefined, res),
  );
  upstream = await startRecorder((req, res) => {
    const body = `UPSTREAM ${req.method} ${req.url}\n`;
    res.writeHead(200, { 'X-Upstream': '1', 'Content-Length': body.length }).end(body, 'latin1');
  });
});

afterAll(async () => {
  await check[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

function proxyFor(recorded: Case): Promise<RunningProxy> {
  const host =
    /^Host: ([^:\r]*?)\.?(?::[0-9]+)?\r$/m.exec(recorded.client.rawSquashed)?.[1]?.toLowerCase() ?? '';
  const settings = recorded.middlewares.map((one) => Object.values(one)[0]?.forwardAuth).find(Boolean);
  return startProxy({
    port: 0,
    routers: [
      { hosts: [host], pathPrefixes: ['/_oauth'], upstream: check.origin },
      {
        hosts: [host],
        upstream: upstream.origin,
        forwardAuth: {
          address: `${check.origin}/verify`,
          authResponseHeaders: settings?.authResponseHeaders ?? [],
        },
      },
    ],
    ...(recorded.entryPoint.tls
      ? { tls: { ...PRESHARED_CIPHERS, pskCallback: (_socket: unknown, _identity: string) => PRESHARED.psk } }
      : {}),
  });
}

const known = (headers: readonly Line[]): Line[] =>
  headers.map(([name, value]) => {
    if (name === 'X-Forwarded-Server') return [name, hostname()];
    return [name, value.replace('127.0.0.1:9601', `127.0.0.1:${check.port}`)];
  });

if (cases.length === 0) {
  test.skip('nothing is replayed: the folder ../shared/vectors with traefik-requests.json is absent', () => {});
} else {
  describe('recorded with Traefik, replayed against the built-in proxy', () => {
    for (const recorded of cases) {
      const reason = NOT_REPLAYED[recorded.name];
      if (reason !== undefined) {
        test.skip(`${recorded.name}: not replayed, because ${reason}`, () => {});
        continue;
      }
      test(recorded.name, async () => {
        current = recorded;
        check.requests.length = 0;
        upstream.requests.length = 0;
        await using proxy = await proxyFor(recorded);
        const raw = recorded.client.rawSquashed;
        const answer = await rawExchange(proxy.port, raw, recorded.entryPoint.tls);

        expect(answer.status).toBe(recorded.response.status);
        expect(answered(answer.headers)).toEqual(answered(known(recorded.response.headers)));
        expect(unframed(answer.body)).toBe(unframed(recorded.response.body));

        expect(check.requests).toHaveLength(1);
        const [asked] = check.requests;
        expect([asked?.method, asked?.url]).toEqual([recorded.auth.method, recorded.auth.url]);
        const routed = recorded.auth.url !== '/verify';
        if (routed) {
          expect(loosely(asked?.headers ?? [], raw)).toEqual(loosely(known(recorded.auth.headers), raw));
        } else {
          const got = asked?.headers.filter((line) => !ownHop(line));
          expect(got).toEqual(asUntrusted(known(recorded.auth.headers)));
        }

        expect(upstream.requests).toHaveLength(recorded.upstream === null ? 0 : 1);
        if (recorded.upstream === null) return;
        const [served] = upstream.requests;
        expect([served?.method, served?.url, served?.body]).toEqual([
          recorded.upstream.method,
          recorded.upstream.url,
          recorded.upstream.body ?? '',
        ]);
        expect(loosely(served?.headers ?? [], raw)).toEqual(loosely(known(recorded.upstream.headers), raw));
      });
    }

    test('every name on the list of cases that are not replayed is a recorded case', () => {
      const names = cases.map(({ name }) => name);
      expect(Object.keys(NOT_REPLAYED).filter((name) => !names.includes(name))).toEqual([]);
    });
  });
}
