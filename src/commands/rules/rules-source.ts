import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Problem } from '../../document/problem.ts';
import { MAX_BYTES, readUtf8 } from '../../document/yaml-document.ts';
import type { RulesText } from '../../rules/load.ts';
import { isRulesFile, type RulesRead, readRuleFiles } from '../../rules/read-rules.ts';
import { type Invocation, nearFiles, pathFrom } from '../command.ts';

/** A word that names no rules, and what to write. */
export interface NoSource {
  readonly message: string;
  readonly wayOut: string;
}

/**
 * Reads the rules that a word names: a folder, a file, or a git revision, which means the given path at that revision
 * (`HEAD~1`), or a path of it (`HEAD~1:deploy/rules`). A path that exists wins. Changes nothing in the repository.
 * @param implied what a bare revision means, absolute; the first that it has: see `impliedPaths`
 */
export async function readSource(
  word: string,
  { cwd, env }: Pick<Invocation, 'cwd' | 'env'>,
  implied: readonly string[],
): Promise<RulesRead | NoSource> {
  const path = resolve(cwd, word);
  if (word !== '' && existsSync(path)) {
    const { files, problems } = await readRuleFiles(path);
    return { files: nearFiles(cwd, files), problems: nearFiles(cwd, problems) };
  }
  return readRevision(word, { cwd, env }, implied);
}

/**
 * @param other the word that this one is compared with
 * @returns the rules that a revision without a path means: those that the other word names, else the configured ones
 */
export function impliedPaths(other: string, cwd: string, configured: string): readonly string[] {
  const path = resolve(cwd, other);
  return other !== '' && path !== configured && existsSync(path) ? [path, configured] : [configured];
}

async function readRevision(
  word: string,
  { cwd, env }: Pick<Invocation, 'cwd' | 'env'>,
  implied: readonly string[],
): Promise<RulesRead | NoSource> {
  const isBare = !word.includes(':');
  const found = isBare
    ? await findImplied(word, implied, { cwd, env })
    : await findWritten(word, { cwd, env });
  if (found === undefined) {
    const revision = isBare ? word : word.slice(0, word.indexOf(':'));
    const base = isBare ? nearestFolder(dirname(implied[0] ?? cwd)) : cwd;
    const isRevision = (await findObject(`${revision}^{commit}`, base, env)) !== undefined;
    const path = isBare ? implied.map((one) => pathFrom(cwd, one)).join(' and no ') : undefined;
    return noSource(revision, word, isRevision, path);
  }
  const { object, label } = found;
  const git = (...words: readonly string[]): Promise<Buffer | undefined> => runGit(found.base, env, words);
  const listing = await git('ls-tree', '--full-tree', '-z', object);
  const entries =
    listing === undefined ? [{ file: label, mode: '', blob: object }] : entriesOf(listing, label);

  const files: RulesText[] = [];
  const problems: Problem[] = [];
  for (const { file, mode, blob } of entries) {
    const bytes = mode === '120000' ? undefined : await git('cat-file', 'blob', blob);
    const text = bytes === undefined ? undefined : readUtf8(bytes);
    if (text !== undefined) files.push({ file, text });
    else problems.push({ file, line: 0, column: 0, ...whyUnread(mode, bytes) });
  }
  if (entries.length === 0)
    problems.push({
      file: label,
      line: 0,
      column: 0,
      message: 'The folder holds no rules file at this revision.',
      wayOut: 'name another revision, or the path of the rules there: REVISION:path',
    });
  return { files, problems };
}

interface Found {
  readonly object: string;
  /** How its files are named. */
  readonly label: string;
  /** A folder of the repository. */
  readonly base: string;
}

/** The first of the paths that the revision has. */
async function findImplied(
  revision: string,
  paths: readonly string[],
  { cwd, env }: Pick<Invocation, 'cwd' | 'env'>,
): Promise<Found | undefined> {
  for (const path of paths) {
    const base = nearestFolder(dirname(path));
    const object = await findObject(`${revision}:./${relative(base, path)}`, base, env);
    if (object !== undefined) return { object, label: `${revision}:${pathFrom(cwd, path)}`, base };
  }
  return undefined;
}

/** A path that the word names itself: from the top of the repository that the caller is in. */
async function findWritten(
  word: string,
  { cwd, env }: Pick<Invocation, 'cwd' | 'env'>,
): Promise<Found | undefined> {
  const object = await findObject(word, cwd, env);
  return object === undefined ? undefined : { object, label: word, base: cwd };
}

const findObject = async (name: string, base: string, env: Invocation['env']): Promise<string | undefined> =>
  (await runGit(base, env, ['rev-parse', '--verify', '--quiet', '--end-of-options', name]))
    ?.toString()
    .trim();

/** A folder of the rules may be gone by now, and its repository still be there. */
function nearestFolder(folder: string): string {
  let base = folder;
  while (!existsSync(base)) base = dirname(base);
  return base;
}

/** @param implied the path that was looked for because the word names none */
function noSource(
  revision: string,
  word: string,
  isRevision: boolean,
  implied: string | undefined,
): NoSource {
  if (isRevision && implied !== undefined)
    return {
      message: `the revision "${revision}" has no ${implied}`,
      wayOut: `name where the rules were: ${revision}:path`,
    };
  if (isRevision)
    return {
      message: `the revision "${revision}" has no ${word.slice(revision.length + 1)}`,
      wayOut: `a path begins at the top of the repository; write ${revision}:./path for one from here`,
    };
  return {
    message: `"${word}" is no file or folder here, and no git revision`,
    wayOut: 'write a folder, a file, or a revision such as HEAD~1',
  };
}

function whyUnread(mode: string, bytes: Buffer | undefined): { message: string; wayOut: string } {
  if (mode === '120000')
    return {
      message: 'The file is a link, and links are not followed in a revision.',
      wayOut: 'check the revision out (git worktree add), and name its folder',
    };
  return bytes === undefined
    ? { message: 'The file cannot be read, or is larger than 8 MiB.', wayOut: 'split it into several files' }
    : { message: 'The file is not UTF-8.', wayOut: 'save it as UTF-8' };
}

/** @returns the rules files of a folder, as `readRuleFiles` would choose them. */
const entriesOf = (
  listing: Buffer,
  folder: string,
): readonly { file: string; mode: string; blob: string }[] =>
  listing
    .toString()
    .split('\0')
    .flatMap((line) => {
      const [, mode = '', blob = '', name = ''] = /^(\d+) blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return isRulesFile(name) ? [{ file: join(folder, name), mode, blob }] : [];
    });

/** @returns what git prints; undefined when it fails. Never a shell, and no locks are taken. */
const runGit = (
  folder: string,
  env: Invocation['env'],
  words: readonly string[],
): Promise<Buffer | undefined> =>
  new Promise((done) => {
    const options = {
      env: { ...env, GIT_OPTIONAL_LOCKS: '0' },
      encoding: 'buffer' as const,
      maxBuffer: MAX_BYTES,
    };
    execFile('git', ['-C', folder, ...words], options, (error, stdout) =>
      done(error === null ? stdout : undefined),
    );
  });
