import { readFileSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';

/** What a command is given of the world. */
export interface Invocation {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** What `--config` names. */
  readonly configPath: string | undefined;
  readonly json: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Beside what every command is given: the words after `postern rules …`, and the options of those commands. */
export interface RulesInvocation extends Invocation {
  readonly words: readonly string[];
  readonly values: RulesValues;
  /** All that comes in on the standard input. */
  readonly stdin: () => Promise<string>;
}

/** What the options of `postern rules …` say; other-commands.ts has checked that the command has them. */
export interface RulesValues {
  /** A folder or a file of rules, in place of the configuration's. */
  readonly rules?: string | undefined;
  readonly scopes?: string | undefined;
  readonly audience?: readonly string[] | undefined;
  readonly acr?: string | undefined;
  readonly 'login-age'?: string | undefined;
  readonly token?: string | undefined;
  readonly junit?: string | undefined;
  readonly out?: string | undefined;
}

/** 0 good, 1 findings, 2 misuse. */
export type ExitCode = 0 | 1 | 2;

/** @returns undefined when the file cannot be read. */
export function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // the caller reports the path that it asked for
  }
}

/** Prints a value as JSON, for programs. */
export const printJson = ({ out }: Pick<Invocation, 'out'>, value: unknown): void =>
  out(`${JSON.stringify(value, null, 2)}\n`);

/** Tells of a wrong call; in JSON where that was asked for, as problems without a place. */
export function misuse(
  { err, out, json }: Pick<Invocation, 'err' | 'out' | 'json'>,
  message: string,
  wayOut: string,
): ExitCode {
  if (json) printJson({ out }, { ok: false, problems: [{ message, wayOut }] });
  else err(`postern: ${message}\n  -> ${wayOut}\n`);
  return 2;
}

/** @returns the items with their files as one would type them here. */
export const nearFiles = <Item extends { readonly file: string }>(
  cwd: string,
  items: readonly Item[],
): readonly Item[] => items.map((item) => ({ ...item, file: pathFrom(cwd, item.file) }));

/** @returns the path, or the `file:line`, as one would type it here: relative to the folder where it lies below it. */
export function pathFrom(cwd: string, path: string): string {
  const near = relative(cwd, resolve(cwd, path));
  return near === '' || near.startsWith('..') || isAbsolute(near) ? path : near;
}
