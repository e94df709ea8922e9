import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExitCode, RulesInvocation, RulesValues } from '../../../src/commands/command.ts';

export interface Said {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** A folder of its own, with files; removed when the work is done. */
export async function inFolder<Result>(
  files: Readonly<Record<string, string>>,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-rules-'));
  try {
    write(folder, files);
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Runs one of `postern rules …` in this process. */
export async function run(
  command: (invocation: RulesInvocation) => Promise<ExitCode>,
  cwd: string,
  words: readonly string[],
  values: RulesValues & { readonly json?: boolean } = {},
): Promise<Said> {
  let [out, err] = ['', ''];
  const code = await command({
    env: { PATH: process.env['PATH'] },
    cwd,
    configPath: undefined,
    json: values.json === true,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    words,
    values,
    stdin: async () => '',
  });
  return { code, out, err };
}
