import { constants } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Problem } from '../document/problem.ts';
import { MAX_BYTES, readUtf8 } from '../document/yaml-document.ts';
import type { RulesText } from './load.ts';

/** @returns whether a file of the folder is one of its rules files, by its name. */
export const isRulesFile = (name: string): boolean => !name.startsWith('.') && /\.ya?ml$/.test(name);

/** The rules files as texts, and what could not be read. */
export interface RulesRead {
  readonly files: readonly RulesText[];
  readonly problems: readonly Problem[];
}

/**
 * Reads the rules files of a folder (`*.yaml`, `*.yml`, not those whose names begin with `.`), or one file. Not recursive;
 * links are followed, as Kubernetes mounts need. Does *not* look into the files.
 */
export async function readRuleFiles(path: string): Promise<RulesRead> {
  const files: RulesText[] = [];
  const problems: Problem[] = [];
  const refuse = (file: string, message: string, wayOut: string): void => {
    problems.push({ file, line: 0, column: 0, message, wayOut });
  };
  for (const file of await rulesFilesAt(path, refuse)) {
    try {
      const bytes = await readRegularFile(file);
      const text = bytes === undefined || bytes.length > MAX_BYTES ? undefined : readUtf8(bytes);
      if (bytes === undefined)
        refuse(
          file,
          'This is no regular file, and nothing else is read.',
          'write the rules to a file of this name, or move it out of the folder of rules',
        );
      else if (bytes.length > MAX_BYTES)
        refuse(file, 'The file is larger than 8 MiB.', 'split it into several files');
      else if (text === undefined) refuse(file, 'The file is not UTF-8.', 'save it as UTF-8');
      else files.push({ file, text });
    } catch (error) {
      refuse(
        file,
        `The file cannot be read (${codeOf(error)}).`,
        'check that it is a file, and its permissions',
      );
    }
  }
  return { files, problems };
}

/**
 * Never waits for somebody to write, as a pipe would make it.
 * @returns at most one byte more than a rules file may have; undefined for a folder, a pipe, a device and the like
 */
async function readRegularFile(file: string): Promise<Uint8Array | undefined> {
  // Before it is opened, because opening a device may act on it; and after, because it may have been exchanged.
  if (!(await stat(file)).isFile()) return undefined;
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await handle.stat();
  if (!stats.isFile()) return undefined;
  const bytes = Buffer.alloc(Math.min(stats.size, MAX_BYTES) + 1);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

/**
 * @param path folder or file of rules, as it was named
 * @returns the defaults that lie beside a single file and are not read with it; undefined for a folder, and where there are none
 */
export async function unreadDefaults(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).isDirectory()) return undefined;
    const names = await readdir(dirname(path));
    const name = names.find((one) => one === '_defaults.yaml' || one === '_defaults.yml');
    return name === undefined || basename(path) === name ? undefined : join(dirname(path), name);
  } catch {
    return undefined; // what cannot be read is told of by `readRuleFiles`
  }
}

async function rulesFilesAt(
  path: string,
  refuse: (file: string, message: string, wayOut: string) => void,
): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter(isRulesFile).toSorted();
    if (names.length === 0)
      refuse(
        path,
        'The folder holds no rules file.',
        'add a file such as shop.yaml, or set `rules` to another folder',
      );
    return names.map((name) => join(path, name));
  } catch (error) {
    refuse(
      path,
      `The rules cannot be read (${codeOf(error)}).`,
      'set `rules` to a folder or a file that exists',
    );
    return [];
  }
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? 'unknown');
