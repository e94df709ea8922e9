import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** A rules folder on disk, and the ways in which operators and their tools change one. */
export interface RulesFolder extends Disposable {
  readonly path: string;
  /** Writes in place, as an editor that keeps the inode does. */
  edit(name: string, text: string): void;
  /** Writes beside and renames over, as most editors and `rsync` do. */
  replace(name: string, text: string): void;
  /** Makes it a Kubernetes mount, or swaps the `..data` of one, as kubelet does. */
  mount(files: Readonly<Record<string, string>>): void;
  remove(name: string): void;
  /** Puts another folder in its place. */
  exchange(files: Readonly<Record<string, string>>): void;
}

export function makeRulesFolder(files: Readonly<Record<string, string>>): RulesFolder {
  const root = mkdtempSync(join(tmpdir(), 'postern-reload-'));
  const path = join(root, 'rules');
  const at = (name: string): string => join(path, name);
  let version = 0;
  const fill = (folder: string, texts: Readonly<Record<string, string>>): void => {
    mkdirSync(folder);
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  };
  fill(path, files);
  return {
    path,
    edit: (name, text) => writeFileSync(at(name), text),
    replace(name, text) {
      writeFileSync(at(`.${name}.tmp`), text);
      renameSync(at(`.${name}.tmp`), at(name));
    },
    mount(texts) {
      const before = `..version-${version}`;
      version += 1;
      fill(at(`..version-${version}`), texts);
      symlinkSync(`..version-${version}`, at('..data_tmp'));
      renameSync(at('..data_tmp'), at('..data'));
      if (version > 1) return rmSync(at(before), { recursive: true });
      for (const name of Object.keys(texts)) {
        rmSync(at(name), { force: true });
        symlinkSync(join('..data', name), at(name));
      }
    },
    remove: (name) => unlinkSync(at(name)),
    exchange(texts) {
      version += 1;
      fill(join(root, `next-${version}`), texts);
      renameSync(path, join(root, `old-${version}`));
      renameSync(join(root, `next-${version}`), path);
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

/** Waits until something holds; the test's own patience is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setTimeout(5);
}
