import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readUtf8 } from '../../document/yaml-document.ts';
import { needsSomebody } from '../../migration/finding.ts';
import { type Imported, importForwardAuth } from '../../migration/import.ts';
import { type ExitCode, misuse, pathFrom, printJson, type RulesInvocation } from '../command.ts';
import { importText } from './import-report.ts';
import { reportProblems } from './loaded.ts';

/**
 * `postern rules import FILE`: rules files of the `apps` of dniel's ForwardAuth for Auth0, into the folder of `--out` or to the
 * standard output, and a report of what has no equivalent. Exit code 1 when somebody has to decide: an app is not imported, or
 * means something else now.
 */
export async function rulesImport(invocation: RulesInvocation): Promise<ExitCode> {
  const { cwd, words, values, json, out, err } = invocation;
  const [file, more] = words;
  if (file === undefined || more !== undefined)
    return misuse(
      invocation,
      file === undefined ? 'which file is imported?' : `"${more}" is one word too many`,
      'write postern rules import application.yaml --out rules',
    );
  const text = await readText(resolve(cwd, file));
  if (typeof text !== 'string')
    return misuse(invocation, `"${file}" ${text.fault}`, 'name the application.yaml of ForwardAuth');
  const imported = importForwardAuth(file, text);
  if ('problems' in imported) {
    reportProblems(invocation, imported.problems);
    return 2;
  }
  const folder = values.out === undefined ? undefined : resolve(cwd, values.out);
  const taken =
    folder === undefined ? undefined : imported.files.find(({ name }) => existsSync(join(folder, name)));
  if (folder !== undefined && taken !== undefined)
    return misuse(
      invocation,
      `${pathFrom(cwd, join(folder, taken.name))} exists, and nothing is overwritten; no file was written`,
      'name another folder with --out, and compare the two: postern rules diff OLD NEW',
    );
  if (folder !== undefined) await writeFiles(folder, imported);
  const isDone = !imported.findings.some(needsSomebody);
  if (json) printJson(invocation, { ok: isDone, folder: values.out ?? null, ...imported });
  else if (folder !== undefined) out(importText(imported, file, values.out));
  else {
    out(imported.files.map((one) => `# ==== ${one.name} ====\n${one.text}`).join('\n'));
    err(importText(imported, file, undefined));
  }
  return isDone ? 0 : 1;
}

async function readText(path: string): Promise<string | { readonly fault: string }> {
  try {
    return readUtf8(await readFile(path)) ?? { fault: 'is not UTF-8 text' };
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return { fault: code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})` };
  }
}

async function writeFiles(folder: string, { files }: Imported): Promise<void> {
  await mkdir(folder, { recursive: true });
  // `wx`: a file that came into being meanwhile is not overwritten either.
  for (const { name, text } of files) await writeFile(join(folder, name), text, { flag: 'wx' });
}
