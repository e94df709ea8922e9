import { loadConfig } from '../../../src/config/load.ts';
import type { Problem } from '../../../src/document/problem.ts';

export const SECRET = 'a session secret of 32 bytes or more';
/** 2026-01-01. */
export const NOW = 1_767_225_600;

/** The least that loads. */
export const LEAST = {
  POSTERN_PROVIDER_ISSUER: 'https://id.example.com/',
  POSTERN_PROVIDER_CLIENT_ID: 'shop',
  POSTERN_SESSION_SECRET: SECRET,
};

/** The same as a file, with further lines. */
export const withLines = (...lines: string[]): string =>
  [
    'provider: { issuer: "https://id.example.com/", clientId: shop }',
    `session: { secret: "${SECRET}" }`,
    ...lines,
    '',
  ].join('\n');

export interface World {
  readonly path?: string;
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
}

/** Loads in the folder /app of a made-up file system. */
export const load = ({ path, env = {}, files = {} }: World) =>
  loadConfig({ path, env, cwd: '/app', now: NOW, readFile: (name) => files[name] });

/** @returns each problem as `place: message -> way out`, in the order of their places. */
export function problemsOf(world: World): string[] {
  const result = load(world);
  return 'problems' in result ? result.problems.map(line).toSorted() : [];
}

/** Problems of /app/postern.yaml, the file's name left out. */
export const problemsOfFile = (text: string, env: Record<string, string> = {}): string[] =>
  problemsOf({ env, files: { '/app/postern.yaml': text } }).map((one) =>
    one.replace('/app/postern.yaml:', ''),
  );

/** @returns the configuration, or throws what is wrong. */
export function configOf(world: World) {
  const result = load(world);
  if ('problems' in result) throw new Error(result.problems.map(line).join('\n'));
  return result;
}

export const configOfFile = (text: string, env: Record<string, string> = {}) =>
  configOf({ env, files: { '/app/postern.yaml': text } });

const line = ({ file, line: at, column, message, wayOut }: Problem): string =>
  `${at === 0 ? file : `${file}:${at}:${column}`}: ${message} -> ${wayOut}`;
