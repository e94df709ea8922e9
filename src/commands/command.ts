import { readFileSync } from 'node:fs';

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
