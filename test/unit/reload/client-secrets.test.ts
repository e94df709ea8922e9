import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readTextFile } from '../../../src/commands/command.ts';
import type { Secrets } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { createLog } from '../../../src/log.ts';
import { type ClientSecrets, createClientSecrets } from '../../../src/reload/client-secrets.ts';
import { watchFile } from '../../../src/reload/watched-file.ts';

const START = Date.parse('2027-01-01T00:00:00Z') / 1000;
let folder: string;
let lines: Record<string, unknown>[];
let secrets: ClientSecrets;
let now = START;
let onLine: (line: Record<string, unknown>) => void;

const at = (name: string): string => join(folder, name);
const configuration = (clientSecrets: string): string => `
provider:
  issuer: https://id.example.com/
  clientId: shop
  clientSecrets: ${clientSecrets}
session: { secret: a session secret of more than thirty-two bytes }
rules: ./rules
`;
const read = () =>
  loadConfig({ path: at('postern.yaml'), env: {}, cwd: folder, readFile: readTextFile, now });

function start(clientSecrets: string): void {
  writeFileSync(at('postern.yaml'), configuration(clientSecrets));
  const loaded = read();
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  const log = createLog(
    { level: 'info', decisions: 'none' },
    {
      write(line) {
        const value = JSON.parse(line) as Record<string, unknown>;
        lines.push(value);
        onLine(value);
      },
    },
  );
  secrets = createClientSecrets(loaded.secrets as Secrets, {
    readConfig: read,
    log,
    now: () => now,
    watch: (file, changed) => watchFile(file, changed, 5),
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-client-secrets-'));
  lines = [];
  onLine = () => {};
  now = START;
  writeFileSync(at('one'), 'the first secret\n');
});
afterEach(() => {
  secrets?.close();
  rmSync(folder, { recursive: true });
});

const values = (): readonly string[] =>
  secrets
    .of('default')
    .current()
    .map(({ value }) => value);

describe('reading again', () => {
  beforeEach(() => start('[{ file: one }]'));

  test('takes what a file holds now', () => {
    expect([secrets.reload(), values()]).toEqual([false, ['the first secret']]);
    writeFileSync(at('one'), 'the second secret');
    expect(secrets.of('default').reread()).toBe(true);
    expect(values()).toEqual(['the second secret']);
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        event: 'secrets-reloaded',
        provider: 'default',
        count: 1,
        msg: 'client secrets reloaded',
      },
    ]);
  });

  test('takes another list of the configuration, and nothing else of it', () => {
    writeFileSync(at('two'), 'the second secret');
    writeFileSync(at('postern.yaml'), configuration('[{ file: two }, { file: one, expires: 2027-02-01 }]'));
    expect([secrets.reload(), values()]).toEqual([true, ['the second secret', 'the first secret']]);
    expect(secrets.expiring()).toEqual([['default', 1, Date.parse('2027-02-01T00:00:00Z') / 1000]]);
  });

  test.each<[what: string, spoil: () => void, cause: string]>([
    ['an empty file', () => writeFileSync(at('one'), ''), 'is empty'],
    ['a file that is gone', () => rmSync(at('one')), 'cannot be read'],
    [
      'a configuration with a mistake',
      () => writeFileSync(at('postern.yaml'), configuration('[]')),
      'clientSecrets',
    ],
  ])('%s changes nothing, and is told of without a secret', (_, spoil, cause) => {
    spoil();
    expect([secrets.reload(), values()]).toEqual([false, ['the first secret']]);
    expect(lines).toMatchObject([
      { level: 'warn', kind: 'secrets-refused', cause: expect.stringContaining(cause) },
    ]);
    expect(JSON.stringify(lines)).not.toContain('the first secret');
  });
});

describe('following', () => {
  const logged = (event: string): Promise<void> =>
    new Promise((resolve) => {
      onLine = (line) => {
        if (line['event'] === event) resolve();
      };
    });

  test('what changed between the start and then is made up for', () => {
    start('[{ file: one }]');
    writeFileSync(at('one'), 'the second secret');
    secrets.follow();
    expect(values()).toEqual(['the second secret']);
  });

  test('a file that only the changed configuration names is followed as well', async () => {
    start('[{ file: one }]');
    secrets.follow();
    writeFileSync(at('two'), 'the second secret');
    const renamed = logged('secrets-reloaded');
    writeFileSync(at('postern.yaml'), configuration('[{ file: two }]'));
    await renamed;
    expect(values()).toEqual(['the second secret']);
    const changed = logged('secrets-reloaded');
    writeFileSync(at('two'), 'the third secret, which is longer');
    await changed;
    expect(values()).toEqual(['the third secret, which is longer']);
  });
});

describe('what expires is told of', () => {
  test.each<[expires: string, messages: string[]]>([
    ['2027-02-01', []],
    ['2027-01-30', ['a client secret expires soon']],
    ['2027-01-02', ['a client secret expires soon']],
  ])('%s, on the first of January', (expires, messages) => {
    start(`[{ file: one, expires: ${expires} }, { value: another one }]`);
    secrets.follow();
    expect(lines.map(({ msg }) => msg)).toEqual(messages);
    for (const line of lines)
      expect(line).toMatchObject({
        kind: 'secret-expiring',
        provider: 'default',
        place: 1,
        expires: `${expires}T00:00:00.000Z`,
      });
  });
});

describe('a file is watched', () => {
  const changes = (change: () => void): Promise<void> =>
    new Promise((resolve) => {
      const watched = watchFile(
        at('one'),
        () => {
          watched.close();
          resolve();
        },
        5,
      );
      change();
    });

  test.each<[what: string, change: () => void]>([
    ['an edit', () => writeFileSync(at('one'), 'something longer than before')],
    [
      'a rename into its place',
      () => {
        writeFileSync(at('new'), 'the first secret\n');
        renameSync(at('new'), at('one'));
      },
    ],
    ['its end', () => rmSync(at('one'))],
    [
      'a link that is turned around',
      () => {
        writeFileSync(at('other'), 'the first secret\n');
        symlinkSync(at('other'), at('link'));
        renameSync(at('link'), at('one'));
      },
    ],
  ])('%s is seen', async (_, change) => {
    await changes(change);
  });
});
