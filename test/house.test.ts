import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const SRC = join(import.meta.dirname, '../src');

/** The rooms in the order of a request's path; an import, of types too, points to a lower rank or stays inside its room. */
const RANKS: Readonly<Record<string, number>> = {
  'reason.ts': 0,
  document: 0,
  pages: 0,
  forwarded: 1,
  config: 2,
  token: 3,
  rules: 4,
  review: 5,
  migration: 5,
  session: 5,
  assertion: 5,
  oidc: 5,
  'trust.ts': 5,
  'agreement.ts': 6,
  broker: 6,
  outcome: 6,
  login: 7,
  'log.ts': 7,
  metrics: 7,
  http: 8,
  reload: 8,
  doctor: 8,
  gateway: 9,
  commands: 10,
  'command-line.ts': 11,
  'main.ts': 12,
};

/** Packages that one file alone may import, or one folder. */
const SOLE_IMPORTERS: Readonly<Record<string, string>> = {
  'openid-client': 'oidc/',
  '@redis/client': 'session/redis-client.ts',
  'cookie-session': 'session/cookie-carrier.ts',
  express: 'http/pages-app.ts',
  pino: 'log.ts',
  'prom-client': 'metrics/',
  yaml: 'document/',
  zod: 'config/',
};

interface Source {
  readonly file: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = globSync('**/*.ts', { cwd: SRC }).map((file) => {
  const text = readFileSync(join(SRC, file), 'utf8');
  const imports = [...text.matchAll(/^(?:import|export)\s[^;]*?from '([^']+)'|^import '([^']+)'/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return { file, text, imports };
});

const own = ({ file, imports }: Source): readonly string[] =>
  imports.filter((name) => name.startsWith('.')).map((name) => relative(SRC, join(SRC, dirname(file), name)));

const packages = ({ imports }: Source): readonly string[] => imports.filter((name) => !name.startsWith('.'));

const roomOf = (file: string): string => file.split('/')[0] ?? file;

/** Everything that a file's imports bring in, types included. */
function reach(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const source = sources.find((one) => one.file === file);
  for (const next of source === undefined ? [] : own(source)) reach(next, seen);
  return seen;
}

describe('the house', () => {
  test('has no room without a rank', () => {
    expect([...new Set(sources.map(({ file }) => roomOf(file)))].filter((room) => !(room in RANKS))).toEqual(
      [],
    );
  });

  test('has imports that point down only', () => {
    const upward = sources.flatMap((source) =>
      own(source)
        .filter((next) => roomOf(next) !== roomOf(source.file))
        .filter((next) => (RANKS[roomOf(next)] ?? 99) >= (RANKS[roomOf(source.file)] ?? -1))
        .map((next) => `${source.file} -> ${next}`),
    );
    expect(upward).toEqual([]);
  });

  test('has no cycle at run time', () => {
    const runtime = new Map(
      sources.map((source) => {
        const types = [...source.text.matchAll(/^(?:import|export) type [^;]*?from '([^']+)'/gm)].map(
          (m) => m[1],
        );
        return [
          source.file,
          own({ ...source, imports: source.imports.filter((name) => !types.includes(name)) }),
        ];
      }),
    );
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      else for (const next of runtime.get(file) ?? []) visit(next, [...path, file]);
    };
    for (const { file } of sources) visit(file, []);
    expect([...new Set(cycles)]).toEqual([]);
  });

  test.each(Object.entries(SOLE_IMPORTERS))('lets %s be imported by %s alone', (name, importer) => {
    const importers = sources.filter((source) => packages(source).includes(name)).map(({ file }) => file);
    expect(importers.length).toBeGreaterThan(0);
    expect(importers.filter((file) => !file.startsWith(importer))).toEqual([]);
  });

  test('lets reviews alone suppose a token, so that no request is ever decided by one', () => {
    const importers = sources.filter((source) => own(source).includes('token/supposed-token.ts'));
    expect([...new Set(importers.map(({ file }) => roomOf(file)))]).toEqual(['review']);
  });

  test('has no file beyond 300 lines', () => {
    const long = sources.filter(({ text }) => text.split('\n').length > 300).map(({ file }) => file);
    expect(long).toEqual([]);
  });
});

describe('a decision', () => {
  const reached = [...reach('rules/decide.ts')];

  test('reaches its own types, the access token and the reasons, and nothing else', () => {
    expect(reached.sort()).toEqual([
      'reason.ts',
      'rules/decide.ts',
      'rules/rule.ts',
      'token/access-token.ts',
    ]);
  });

  test('is prepared by rules that can reach neither session, login, provider, http nor log', () => {
    const rooms = new Set(
      sources
        .filter(({ file }) => file.startsWith('rules/'))
        .flatMap(({ file }) => [...reach(file)].map(roomOf)),
    );
    expect([...rooms].sort()).toEqual(['document', 'forwarded', 'reason.ts', 'rules', 'token']);
  });

  test('can reach no network, clock, environment or randomness', () => {
    const forbidden = /\bDate\.now\b|new Date\b|Math\.random|\bprocess\.|\bfetch\b|performance\./;
    const impure = sources
      .filter(({ file }) => reached.includes(file))
      .filter((source) => forbidden.test(code(source.text)) || packages(source).length > 0);
    expect(impure.map(({ file }) => file)).toEqual([]);
  });
});

describe('the parts that must be pure', () => {
  const PURE = ['forwarded/', 'rules/', 'review/', 'session/session.ts', 'session/credential.ts', 'outcome/'];
  test.each([...PURE, 'pages/'])('%s has no clock, network or environment', (part) => {
    const impure = sources
      .filter(({ file }) => file.startsWith(part) && file !== 'rules/read-rules.ts')
      .filter(({ text }) => /\bDate\.now\b|Math\.random|\bprocess\.|globalThis\.fetch/.test(code(text)));
    expect(impure.map(({ file }) => file)).toEqual([]);
  });
});

/** A source without its comments. */
const code = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
