import { readdir, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve, sep } from 'node:path';
import { isRulesFile } from '../rules/read-rules.ts';

/** What the rules look like on disk, as far as that shows without reading a file. */
export interface FolderLook {
  /** Stays equal as long as no rules file was written, replaced, added or removed, and no link leads elsewhere. */
  readonly fingerprint: string;
  /** Where a change would show: folders by their real path, and which names in them matter; undefined: every name. */
  readonly places: Places;
}

export type Places = ReadonlyMap<string, ReadonlySet<string> | undefined>;

/** Links followed on the way to one file, as the kernel bounds them. */
const MAX_LINKS = 40;

/**
 * Looks at a rules folder, or at a single rules file, through links: those on the way to it and those among its entries
 * (a Kubernetes mount has `shop.yaml -> ..data/shop.yaml` and `..data -> ..2026_11_26`, and swaps the second).
 * Never rejects: that something cannot be looked at is part of the look.
 */
export async function lookAt(path: string): Promise<FolderLook> {
  const places = new Map<string, Set<string> | undefined>();
  const matters = (file: string): void => {
    const folder = dirname(file);
    if (!places.has(folder)) places.set(folder, new Set());
    places.get(folder)?.add(basename(file));
  };
  const { root } = parse(path);
  const real = await follow(root, partsOf(path, root), matters);
  matters(real);
  const names = await rulesFilesIn(real);
  if (names === undefined) return { fingerprint: `${real} ${await markOf(real)}`, places };
  places.set(real, undefined);
  // Without a mark of the folder itself: an editor's swap file beside the rules is no change of them.
  const marks = await Promise.all(
    names.map(async (name) => {
      const target = await follow(real, [name], matters);
      if (dirname(target) !== real) matters(target);
      return `${JSON.stringify(name)} ${target} ${await markOf(target)}`;
    }),
  );
  return { fingerprint: [real, ...marks].join('\n'), places };
}

/** @returns undefined for what is no folder, or none that can be listed. */
async function rulesFilesIn(path: string): Promise<readonly string[] | undefined> {
  try {
    return (await readdir(path)).filter(isRulesFile).toSorted();
  } catch {
    return undefined; // the mark tells a file from nothing at all
  }
}

/**
 * @param from a real path
 * @param linked told of every link on the way
 * @returns the real path of what the parts lead to, whether it exists or not
 */
async function follow(
  from: string,
  parts: readonly string[],
  linked: (link: string) => void,
): Promise<string> {
  let real = from;
  let links = 0;
  const rest = [...parts];
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    const next = join(real, part);
    const target = links < MAX_LINKS ? await linkTarget(next) : undefined;
    if (target === undefined) {
      real = next;
      continue;
    }
    links += 1;
    linked(next);
    const absolute = resolve(real, target);
    real = parse(absolute).root;
    rest.unshift(...partsOf(absolute, real));
  }
  return real;
}

const partsOf = (path: string, root: string): string[] =>
  path
    .slice(root.length)
    .split(sep)
    .filter((part) => part !== '');

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch {
    return undefined; // no link; what is missing altogether shows in its mark
  }
}

/** Nanoseconds, size and inode: an edit in place shows in the first two, a replaced file in the last. */
async function markOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
