import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lookAt } from '../../../src/reload/folder-look.ts';
import { createFolderWatch, type FolderWatch } from '../../../src/reload/folder-watch.ts';

let root = '';
let rules = '';
let watch: FolderWatch | undefined;
let hints: EventEmitter;
let complaints: string[];
const NEVER = 1_000_000;

function start(interval = NEVER): FolderWatch {
  watch = createFolderWatch({
    hint: () => hints.emit('hint'),
    unwatched: (folder, { code }) => void complaints.push(`${folder.slice(root.length)} ${code}`),
    interval,
  });
  return watch;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'postern-watch-'));
  rules = join(root, 'rules');
  mkdirSync(rules);
  writeFileSync(join(rules, 'shop.yaml'), 'one');
  [hints, complaints] = [new EventEmitter(), []];
});
afterEach(() => {
  watch?.close();
  rmSync(root, { recursive: true });
});

describe('a hint comes', () => {
  test.each<[string, () => void]>([
    ['an edit in place', () => writeFileSync(join(rules, 'shop.yaml'), 'two')],
    [
      'a rename over the file',
      () => {
        writeFileSync(join(root, 'new'), 'two');
        renameSync(join(root, 'new'), join(rules, 'shop.yaml'));
      },
    ],
    [
      'a swapped link',
      () => {
        symlinkSync('x', join(rules, '..data_tmp'));
        renameSync(join(rules, '..data_tmp'), join(rules, '..data'));
      },
    ],
    ['the end of the folder', () => rmSync(rules, { recursive: true })],
    ['another folder in its place', () => renameSync(rules, join(root, 'old'))],
  ])('after %s', async (_, change) => {
    start().follow((await lookAt(rules)).places);
    const hint = once(hints, 'hint');
    change();
    await hint;
  });

  test('after a change in a folder that came in the place of the one before', async () => {
    const watching = start();
    watching.follow((await lookAt(rules)).places);
    for (const time of ['first', 'second', 'third']) {
      const gone = once(hints, 'hint');
      rmSync(rules, { recursive: true });
      await gone;
      mkdirSync(rules);
      watching.follow((await lookAt(rules)).places);
      const hint = once(hints, 'hint');
      writeFileSync(join(rules, 'shop.yaml'), time);
      await hint;
    }
  });

  test('now and then without any event', async () => {
    start(5);
    await once(hints, 'hint');
    await once(hints, 'hint');
  });
});

test('names that do not matter give no hint; what is no longer followed neither', async () => {
  const seen: string[] = [];
  const watching = start();
  mkdirSync(join(root, 'other'));
  watching.follow(
    new Map([
      [root, new Set(['link', 'last'])],
      [join(root, 'other'), undefined],
    ]),
  );
  watching.follow(new Map([[root, new Set(['link', 'last'])]]));
  hints.on('hint', () => seen.push('hint'));
  writeFileSync(join(root, 'nobodys.txt'), '');
  writeFileSync(join(root, 'other', 'shop.yaml'), '');
  const last = once(hints, 'hint');
  mkdirSync(join(root, 'last'));
  await last;
  expect(seen).toEqual(['hint']);
});

test('a folder that is not there is no complaint, one that cannot be watched is one, once', () => {
  const watching = start();
  const loop = join(root, 'loop');
  symlinkSync('loop', loop);
  for (let time = 0; time < 2; time += 1) {
    watching.follow(new Map([[join(root, 'nowhere'), undefined]]));
    watching.follow(new Map([[loop, undefined]]));
  }
  expect(complaints).toEqual(['/loop ELOOP']);
});

test('after the end there are no hints', async () => {
  const ended: string[] = [];
  const { places } = await lookAt(rules);
  const other = createFolderWatch({ hint: () => ended.push('hint'), unwatched: () => {}, interval: 1 });
  other.follow(places);
  other.close();
  start().follow(places);
  const hint = once(hints, 'hint');
  writeFileSync(join(rules, 'shop.yaml'), 'two');
  await hint;
  expect(ended).toEqual([]);
});
