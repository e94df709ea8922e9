import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadRuleSet } from '../../../src/rules/load.ts';
import { readRuleFiles } from '../../../src/rules/read-rules.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-rules-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function files(name: string, contents: Record<string, string | Uint8Array>): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  for (const [file, content] of Object.entries(contents)) await writeFile(join(path, file), content);
  return path;
}

test('a folder: YAML files in order, others and hidden ones skipped, links followed', async () => {
  const path = await files('good', {
    'b.yml': 'b',
    'a.yaml': 'a',
    '.c.yaml': 'c',
    'README.md': 'd',
    'e.yaml~': 'e',
  });
  await mkdir(join(path, '..data'), { recursive: true });
  await writeFile(join(path, '..data', 'f.yaml'), 'f');
  await symlink(join('..data', 'f.yaml'), join(path, 'f.yaml'));
  expect(await readRuleFiles(path)).toEqual({
    files: [
      { file: join(path, 'a.yaml'), text: 'a' },
      { file: join(path, 'b.yml'), text: 'b' },
      { file: join(path, 'f.yaml'), text: 'f' },
    ],
    problems: [],
  });
});

test('one file, whatever its name', async () => {
  const path = join(await files('one', { 'rules.conf': 'x' }), 'rules.conf');
  expect(await readRuleFiles(path)).toEqual({ files: [{ file: path, text: 'x' }], problems: [] });
});

test('everything that cannot be read is a problem, the rest is read', async () => {
  const path = await files('bad', {
    'a.yaml': 'a',
    'big.yaml': new Uint8Array(8 * 1024 * 1024 + 1),
    'latin1.yaml': new Uint8Array([0x67, 0xf6]),
  });
  await mkdir(join(path, 'dir.yaml'));
  await symlink('nowhere', join(path, 'gone.yaml')); // as a file that vanishes between the look and the reading
  await symlink('loop.yaml', join(path, 'loop.yaml'));
  const read = await readRuleFiles(path);
  expect(read.files.map(({ text }) => text)).toEqual(['a']);
  expect(read.problems.map(({ file, message }) => `${file.slice(path.length + 1)}: ${message}`)).toEqual([
    'big.yaml: The file is larger than 8 MiB.',
    'dir.yaml: This is no regular file, and nothing else is read.',
    'gone.yaml: The file cannot be read (ENOENT).',
    'latin1.yaml: The file is not UTF-8.',
    'loop.yaml: The file cannot be read (ELOOP).',
  ]);
});

test('a pipe and a device are refused, and nobody waits for what they would give', async () => {
  const path = await files('pipes', { 'a.yaml': 'a' });
  execFileSync('mkfifo', [join(path, 'pipe.yaml')]);
  await symlink('/dev/zero', join(path, 'zero.yaml'));
  await symlink('pipe.yaml', join(path, 'link.yaml'));
  const refusal = (name: string) => ({
    file: join(path, name),
    line: 0,
    column: 0,
    message: 'This is no regular file, and nothing else is read.',
    wayOut: 'write the rules to a file of this name, or move it out of the folder of rules',
  });
  expect(await readRuleFiles(path)).toEqual({
    files: [{ file: join(path, 'a.yaml'), text: 'a' }],
    problems: ['link.yaml', 'pipe.yaml', 'zero.yaml'].map(refusal),
  });
  expect(await readRuleFiles(join(path, 'pipe.yaml'))).toEqual({
    files: [],
    problems: [refusal('pipe.yaml')],
  });
});

test('a file of exactly the largest size', async () => {
  const path = await files('largest', { 'a.yaml': new Uint8Array(8 * 1024 * 1024).fill(0x23) });
  const { files: read, problems } = await readRuleFiles(path);
  expect([read.map(({ text }) => text.length), problems]).toEqual([[8 * 1024 * 1024], []]);
});

test('an empty or missing folder is a problem', async () => {
  const path = await files('empty', { 'README.md': '' });
  expect((await readRuleFiles(path)).problems).toEqual([
    {
      file: path,
      line: 0,
      column: 0,
      message: 'The folder holds no rules file.',
      wayOut: 'add a file such as shop.yaml, or set `rules` to another folder',
    },
  ]);
  expect((await readRuleFiles(join(folder, 'nowhere'))).problems.map(({ message }) => message)).toEqual([
    'The rules cannot be read (ENOENT).',
  ]);
});

test('the samples of the project load', async () => {
  const { files: samples, problems } = await readRuleFiles(join(import.meta.dirname, '../../../rules'));
  expect(problems).toEqual([]);
  expect(loadRuleSet(samples)).toMatchObject({ ruleSet: { apps: [{ name: 'shop' }] } });
});
