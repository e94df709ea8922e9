import { setTimeout } from 'node:timers/promises';
import type { Problem } from '../document/problem.ts';
import type { RulesRead } from '../rules/read-rules.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Built } from './build-rules.ts';
import type { FolderLook } from './folder-look.ts';

/** Brings what is on disk into force, one reload at a time; the latest state of the disk wins. */
export interface Reloader {
  /** Something may have changed: looks, and reloads if it did. @returns when that is done; never rejects */
  hint(): Promise<void>;
  /** Reloads whatever the look says. @returns when what is on disk now is in force or refused; never rejects */
  reload(): Promise<void>;
  /** What is on disk and was refused; undefined while the set in force is what is on disk. */
  refusal(): Refusal | undefined;
  close(): void;
}

export interface Refusal {
  /** Unix seconds. */
  readonly since: number;
  readonly problems: readonly Problem[];
}

export interface ReloaderParts {
  readonly look: () => Promise<FolderLook>;
  readonly read: () => Promise<RulesRead>;
  /** Names the content of a read, as the version of its rule set will. */
  readonly versionOf: (read: RulesRead) => string;
  /** Builds a rule set aside, runs its tests, holds it against the configuration. */
  readonly build: (read: RulesRead) => Promise<Built>;
  /** The version in force. */
  readonly inForce: () => string;
  readonly swap: (ruleSet: RuleSet) => void;
  readonly told: ReloadEvents;
  /** Unix seconds. */
  readonly now: () => number;
  /** Milliseconds that the folder must lie still before it is read. */
  readonly quiet?: number;
}

export interface ReloadEvents {
  /** Each look: what to watch from now on. */
  looked(look: FolderLook): void;
  /** @param before the version that was in force */
  swapped(before: string): void;
  refused(problems: readonly Problem[]): void;
  /**
   * Something was touched, or a reload was asked for, but the content is what is in force.
   * @param wasRefused a folder that had been refused was put back as it was
   */
  unchanged(wasRefused: boolean): void;
  /** Something that no one foresaw: the old set stays. */
  failed(error: unknown): void;
}

/** How often a restless folder is looked at before it is read nevertheless. */
const MAX_LOOKS = 40;

export function createReloader(parts: ReloaderParts): Reloader {
  const { look, read, versionOf, build, inForce, swap, told, now, quiet = 150 } = parts;
  /** The fingerprint of what was read last. */
  let seen: string | undefined;
  let asked = false;
  let forced = false;
  let underWay: Promise<void> | undefined;
  let refusal: Refusal | undefined;
  let closed = false;

  const pause = (): Promise<void> => setTimeout(quiet, undefined, { ref: false });

  async function lookNow(): Promise<string> {
    const current = await look();
    if (!closed) told.looked(current);
    return current.fingerprint;
  }

  /** An editor writes in several steps, and a copy file by file. */
  async function lieStill(first: string): Promise<string> {
    let before = first;
    for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
      await pause();
      const after = await lookNow();
      if (after === before) break;
      before = after;
    }
    return before;
  }

  function conclude(built: Built | 'unchanged', isFirst: boolean): void {
    const before = inForce();
    if (built !== 'unchanged' && 'problems' in built) {
      refusal = { since: now(), problems: built.problems };
      told.refused(built.problems);
    } else if (built !== 'unchanged') {
      swap(built.ruleSet);
      refusal = undefined;
      told.swapped(before);
    } else {
      const wasRefused = refusal !== undefined;
      refusal = undefined;
      // The first look only makes sure that nothing changed since the start.
      if (!isFirst) told.unchanged(wasRefused);
    }
  }

  async function once(force: boolean): Promise<void> {
    const first = await lookNow();
    if (first === seen && !force) {
      // However busy the folder is with files of others, it is not looked at without a pause.
      await pause();
      return;
    }
    const still = await lieStill(first);
    const found = await read();
    if ((await lookNow()) !== still) {
      // A write met the read, so that this may be half of the one and half of the other: once more.
      asked = true;
      forced ||= force;
      return;
    }
    const isFirst = seen === undefined && !force;
    seen = still;
    const isSame = found.problems.length === 0 && versionOf(found) === inForce();
    const built = isSame ? 'unchanged' : await build(found);
    if (!closed) conclude(built, isFirst);
  }

  async function work(): Promise<void> {
    while (asked && !closed) {
      const force = forced;
      asked = false;
      forced = false;
      try {
        await once(force);
      } catch (error) {
        told.failed(error);
      }
    }
    // In the same step as the last question of the loop: nobody can ask in between and be forgotten.
    underWay = undefined;
  }

  function start(force: boolean): Promise<void> {
    asked = true;
    forced ||= force;
    underWay ??= work();
    return underWay;
  }

  return {
    hint: () => start(false),
    reload: () => start(true),
    refusal: () => refusal,
    close() {
      closed = true;
    },
  };
}
