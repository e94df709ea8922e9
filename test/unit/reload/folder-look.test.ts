import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type FolderLook, lookAt } from '../../../src/reload/folder-look.ts';

const roots: string[] = [];
let root = '';
let rules = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'postern-look-'));
  roots.push(root);
  rules = join(root, 'rules');
  mkdirSync(rules);
  writeFileSync(join(rules, 'shop.yaml'), 'one');
});
afterAll(() => {
  for (const one of roots) rmSync(one, { recursive: true });
});

const placesOf = ({ places }: FolderLook): Record<string, readonly string[] | undefined> =>
  Object.fromEntries(
    [...places].map(([folder, names]) => [
      folder.slice(root.length) || '/',
      names === undefined ? undefined : [...names].toSorted(),
    ]),
  );

describe('a look at a folder', () => {
  const file = (name: string): string => join(rules, name);
  test.each<[string, () => void]>([
    ['an edit in place', () => writeFileSync(file('shop.yaml'), 'two')],
    [
      'a file that is renamed over another',
      () => {
        writeFileSync(join(root, 'new'), 'one');
        renameSync(join(root, 'new'), file('shop.yaml'));
      },
    ],
    [
      'a copy that keeps the time and the size',
      () => {
        const { atime, mtime } = statSync(file('shop.yaml'));
        writeFileSync(file('shop.yaml'), 'two');
        utimesSync(file('shop.yaml'), atime, mtime);
      },
    ],
    ['a further file', () => writeFileSync(file('a.yml'), '')],
    ['a file that is gone', () => unlinkSync(file('shop.yaml'))],
    ['a file under another name', () => renameSync(file('shop.yaml'), file('store.yaml'))],
    ['a folder that is gone', () => rmSync(rules, { recursive: true })],
    [
      'another folder in its place',
      () => {
        renameSync(rules, join(root, 'old'));
        mkdirSync(rules);
        writeFileSync(file('shop.yaml'), 'one');
      },
    ],
    ['a link to nowhere', () => symlinkSync('nowhere', file('gone.yaml'))],
  ])('differs after %s', async (_, change) => {
    const before = await lookAt(rules);
    change();
    expect((await lookAt(rules)).fingerprint).not.toBe(before.fingerprint);
  });

  test.each<[string, () => void]>([
    ['nothing', () => undefined],
    ['a swap file of an editor', () => writeFileSync(file('.shop.yaml.swp'), 'x')],
    ['a backup', () => writeFileSync(file('shop.yaml~'), 'x')],
    ['a read', () => void readFileSync(file('shop.yaml'))],
    ['another file beside the folder', () => writeFileSync(join(root, 'README'), 'x')],
  ])('is the same after %s', async (_, change) => {
    const before = await lookAt(rules);
    change();
    expect((await lookAt(rules)).fingerprint).toBe(before.fingerprint);
  });

  test('says where a change would show', async () => {
    expect(placesOf(await lookAt(rules))).toEqual({ '/': ['rules'], '/rules': undefined });
    expect(placesOf(await lookAt(join(rules, 'shop.yaml')))).toEqual({ '/rules': ['shop.yaml'] });
    expect(placesOf(await lookAt(join(root, 'nowhere')))).toEqual({ '/': ['nowhere'] });
  });
});

describe('a look through links', () => {
  /** As kubelet lays a ConfigMap out, and swaps it. */
  const mount = (version: string, text: string): void => {
    mkdirSync(join(rules, version));
    writeFileSync(join(rules, version, 'shop.yaml'), text);
    symlinkSync(version, join(rules, '..data_tmp'));
    renameSync(join(rules, '..data_tmp'), join(rules, '..data'));
  };

  test('a ConfigMap: differs after each swap, and says where the next will show', async () => {
    unlinkSync(join(rules, 'shop.yaml'));
    mount('..1', 'one');
    symlinkSync(join('..data', 'shop.yaml'), join(rules, 'shop.yaml'));
    const seen = new Set<string>();
    for (const version of ['..1', '..2', '..3', '..4']) {
      if (version !== '..1') mount(version, 'one');
      const look = await lookAt(rules);
      seen.add(look.fingerprint);
      expect(placesOf(look)).toEqual({
        '/': ['rules'],
        '/rules': undefined,
        [`/rules/${version}`]: ['shop.yaml'],
      });
    }
    expect(seen.size).toBe(4);
  });

  test('links on the way: relative, absolute, one leading to the next', async () => {
    symlinkSync('rules', join(root, 'a'));
    symlinkSync(join(root, 'a'), join(root, 'b'));
    mkdirSync(join(root, 'etc'));
    symlinkSync('../b', join(root, 'etc', 'rules'));
    const look = await lookAt(join(root, 'etc', 'rules'));
    expect(placesOf(look)).toEqual({ '/etc': ['rules'], '/': ['a', 'b', 'rules'], '/rules': undefined });
    expect(look.fingerprint).toBe((await lookAt(rules)).fingerprint);
    mkdirSync(join(root, 'new'));
    writeFileSync(join(root, 'new', 'shop.yaml'), 'one');
    symlinkSync('new', join(root, 'a2'));
    renameSync(join(root, 'a2'), join(root, 'a'));
    expect((await lookAt(join(root, 'etc', 'rules'))).fingerprint).not.toBe(look.fingerprint);
  });

  test('a circle ends', async () => {
    symlinkSync('y', join(root, 'x'));
    symlinkSync('x', join(root, 'y'));
    expect((await lookAt(join(root, 'x'))).fingerprint).toContain('ELOOP');
  });
});
