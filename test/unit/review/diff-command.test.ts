import { execFileSync, spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { rulesDiff } from '../../../src/commands/rules/diff.ts';
import { inFolder, run, write } from './_command.ts';

const shop = (...rules: readonly string[]): string =>
  `app: shop\nhosts: [shop.example.com, "*.shop.example.com"]\naudience: shop-api\nrules:\n${rules.map((rule) => `  ${rule}\n`).join('')}`;

describe('postern rules diff', () => {
  test('prints kinds, classes, both places, a request for each, and what to do', async () => {
    const files = {
      'old/shop.yaml': shop('/a/**: [r]', '/b: { all: [r, s] }', '/c: public', '/d: [r]', '/e: [r]'),
      'new/shop.yaml': `${shop('/a/**: public', '/b: [r]', '/d: [s]', '/e: { all: [r], acr: [mfa] }', '/f: [r]')}mode: report\n`,
    };
    const said = await inFolder(files, (folder) => run(rulesDiff, folder, ['old', 'new']));
    expect(said).toEqual({
      code: 1,
      err: '',
      out: `old -> new

become public
  any  shop.example.com/a/** (also on *.shop.example.com)
      was  [r]  (old/shop.yaml:5)
      now  public  (new/shop.yaml:5)
      e.g. GET https://shop.example.com/a

open, and were closed to everybody
  any  shop.example.com/f (also on *.shop.example.com)
      was  no rule
      now  [r]  (new/shop.yaml:9)
      e.g. GET https://shop.example.com/f

need less
  any  shop.example.com/b (also on *.shop.example.com)
      was  { all: [r, s] }  (old/shop.yaml:6)
      now  [r]  (new/shop.yaml:6)
      e.g. GET https://shop.example.com/b

need something else
  any  shop.example.com/d (also on *.shop.example.com)
      was  [r]  (old/shop.yaml:8)
      now  [s]  (new/shop.yaml:7)
      e.g. GET https://shop.example.com/d

need more
  any  shop.example.com/e (also on *.shop.example.com)
      was  [r]  (old/shop.yaml:9)
      now  { all: [r], acr: [mfa] }  (new/shop.yaml:8)
      e.g. GET https://shop.example.com/e

close to everybody
  any  shop.example.com/c (also on *.shop.example.com)
      was  public  (old/shop.yaml:7)
      now  no rule
      e.g. GET https://shop.example.com/c

apps, beside their rules
  shop  mode: enforce -> report
      opens: in report, sessions pass that lack scopes or a step-up, or meet no rule

5 changes let callers pass who did not pass before. Is each of them meant? Then have them approved
in the review; else change the rule that stands behind \`now\`.
2 changes turn callers away: tell them before you merge, or try it with \`mode: report\`.
any: GET HEAD POST PUT PATCH DELETE OPTIONS
`,
    });
  });

  test('says whom a line is for in report mode, and which spellings may pass now', async () => {
    const files = {
      'old.yaml': `${shop('/a/**: [r]', '/a/*/b: [r]', '/b: deny')}mode: report\ntolerate: [encoded-slash]\n`,
      'new.yaml': `${shop('/a/**: [s]')}mode: report\ntolerate: [encoded-slash]\n`,
    };
    const { code, out } = await inFolder(files, (folder) => run(rulesDiff, folder, ['old.yaml', 'new.yaml']));
    expect(code).toBe(1);
    expect(
      out,
    ).toContain(`  any  shop.example.com/b (also on *.shop.example.com; for sessions, in report mode)
      was  deny  (old.yaml:7)
      now  no rule; only reported for a token for shop-api
`);
    expect(out).toContain('any  shop.example.com/a/** (also on *.shop.example.com; not for sessions, in');
    expect(
      out,
    ).toContain(`  shop  tolerate: readings in /a/** and /a/*/b choose different rules -> all choose /a/**
      opens: spellings that were refused may now pass
`);
  });

  test('fits into 100 columns, whatever the rules hold', async () => {
    const long = 'segment-of-a-path/'.repeat(12);
    const scopes = Array.from({ length: 20 }, (_, at) => `https://scopes.example.com/number-${at}`).join(
      ', ',
    );
    const others = Array.from({ length: 30 }, (_, at) => `/other-${at}: [r]`);
    const files = {
      'old.yaml': shop(`/${long}a/**: [r]`, ...others),
      'new.yaml': shop(`/${long}a/**: { any: [${scopes}] }`, '/**: public', ...others),
    };
    const { out, code } = await inFolder(files, (folder) => run(rulesDiff, folder, ['old.yaml', 'new.yaml']));
    expect(code).toBe(1);
    expect(out).toContain('/** except /other-0, /other-1, /other-2 and 28 more');
    expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  test('exits with 0 when nothing opens', async () => {
    const files = { 'old.yaml': shop('/a: public'), 'new.yaml': shop('/a: deny') };
    await inFolder(files, async (folder) => {
      const same = await run(rulesDiff, folder, ['old.yaml', 'old.yaml']);
      expect(same).toEqual({
        code: 0,
        err: '',
        out: 'old.yaml -> old.yaml\n\nBoth sets decide every request alike.\n',
      });
      const closed = await run(rulesDiff, folder, ['old.yaml', 'new.yaml']);
      expect(closed.code).toBe(0);
      expect(closed.out).toContain(
        'Nobody passes who did not pass before.\n1 change turns callers away: tell them before you merge.\n',
      );
      expect((await run(rulesDiff, folder, ['new.yaml', 'old.yaml'])).code).toBe(1);
    });
  });

  test('prints JSON with everything', async () => {
    const files = {
      'old.yaml': shop('/a/**: [r]', '/a/b: deny'),
      'new.yaml': shop('/a/**: public', '/a/b: deny'),
    };
    const { out, code } = await inFolder(files, (folder) =>
      run(rulesDiff, folder, ['old.yaml', 'new.yaml'], { json: true }),
    );
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      ok: false,
      before: 'old.yaml',
      after: 'new.yaml',
      classes: [
        {
          kind: 'public',
          opens: true,
          callers: 'everybody',
          hosts: [
            { host: 'shop.example.com', except: [] },
            { host: '*.shop.example.com', except: [] },
          ],
          methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
          path: '/a/**',
          except: ['/a/b'],
          before: { app: 'shop', need: '[r]', places: ['old.yaml:5'] },
          after: { app: 'shop', need: 'public', places: ['new.yaml:5'] },
          sample: { method: 'GET', url: 'https://shop.example.com/a' },
        },
      ],
      apps: [],
    });
  });

  test.each<[string, readonly string[], string]>([
    ['no words', [], 'two sets of rules are compared'],
    ['one word', ['old.yaml'], 'two sets of rules are compared'],
    ['three words', ['old.yaml', 'old.yaml', 'x'], '"x" is one word too many'],
    [
      'a word that names nothing',
      ['old.yaml', 'nothing'],
      '"nothing" is no file or folder here, and no git revision',
    ],
    [
      'what git would take for an option',
      ['old.yaml', '--output=x'],
      '"--output=x" is no file or folder here',
    ],
    ['an empty word', ['old.yaml', ''], '"" is no file or folder here'],
    ['rules that do not load', ['old.yaml', 'bad.yaml'], 'bad.yaml:5:7: `publc` is no need.'],
    ['a folder without rules', ['old.yaml', 'empty'], 'empty: The folder holds no rules file.'],
  ])('refuses %s', async (_, words, message) => {
    const files = { 'old.yaml': shop('/a: public'), 'bad.yaml': shop('/a: publc'), 'empty/.keep': '' };
    const { code, out, err } = await inFolder(files, (folder) => run(rulesDiff, folder, words));
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });
});

const hasGit = spawnSync('git', ['--version']).status === 0;

// In an image without git there is no repository to compare with either.
(hasGit ? describe : describe.skip)('postern rules diff, with revisions', () => {
  const git = (folder: string, ...words: readonly string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b.example', ...words], {
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const commit = (folder: string): void => {
    git(folder, 'add', '-A');
    git(folder, 'commit', '-qm', 'rules');
  };

  test('reads the configured folder as it was, and changes nothing', async () => {
    const files = {
      'postern.yaml': 'rules: deploy/rules\n',
      'deploy/rules/shop.yaml': shop('/a: [r]'),
      'deploy/rules/.hidden.yaml': 'nonsense',
      'deploy/rules/README.md': 'words',
      'deploy/rules/_defaults.yaml': 'login: { scopes: [openid] }\n',
    };
    await inFolder(files, async (folder) => {
      git(folder, 'init', '-q');
      commit(folder);
      write(folder, { 'deploy/rules/shop.yaml': shop('/a: public') });
      const before = git(folder, 'status', '--porcelain=v2');
      const { code, out, err } = await run(rulesDiff, folder, ['HEAD', 'deploy/rules']);
      expect([code, err]).toEqual([1, '']);
      expect(out).toContain('was  [r]  (HEAD:deploy/rules/shop.yaml:5)');
      expect(out).toContain('now  public  (deploy/rules/shop.yaml:5)');
      expect(git(folder, 'status', '--porcelain=v2')).toBe(before);

      commit(folder);
      expect((await run(rulesDiff, folder, ['HEAD~1', 'HEAD'])).code).toBe(1);
      expect((await run(rulesDiff, folder, ['HEAD', 'HEAD~1'])).code).toBe(0);
      const path = await run(rulesDiff, folder, ['HEAD~1:deploy/rules', 'HEAD:deploy/rules/shop.yaml']);
      expect(path.out).toContain('was  [r]  (HEAD~1:deploy/rules/shop.yaml:5)');
      expect(path.out).toContain('now  public  (HEAD:deploy/rules/shop.yaml:5)');
    });
  });

  test('takes a revision without a path for the folder or file that it is compared with', async () => {
    await inFolder({ 'deploy/rules/shop.yaml': shop('/a: [r]'), 'rules/x.yaml': 'no' }, async (folder) => {
      git(folder, 'init', '-q');
      commit(folder);
      write(folder, { 'deploy/rules/shop.yaml': shop('/a: public') });
      for (const words of [
        ['HEAD', 'deploy/rules'],
        ['HEAD', 'deploy/rules/shop.yaml'],
      ]) {
        const { code, out, err } = await run(rulesDiff, folder, words);
        expect([code, err]).toEqual([1, '']);
        expect(out).toContain('was  [r]  (HEAD:deploy/rules/shop.yaml:5)');
      }
      const back = await run(rulesDiff, folder, ['deploy/rules', 'HEAD']);
      expect([back.code, back.err]).toEqual([0, '']);
    });
  });

  test('lets a path win over a revision of the same name', async () => {
    await inFolder({ 'rules/shop.yaml': shop('/a: [r]') }, async (folder) => {
      git(folder, 'init', '-q');
      commit(folder);
      git(folder, 'branch', 'other');
      write(folder, { 'other/shop.yaml': shop('/a: public') });
      const { out } = await run(rulesDiff, folder, ['HEAD', 'other']);
      expect(out).toContain('now  public  (other/shop.yaml:5)');
    });
  });

  test('says what a revision lacks', async () => {
    await inFolder({ 'rules/shop.yaml': shop('/a: [r]'), 'none/x.md': '' }, async (folder) => {
      git(folder, 'init', '-q');
      symlinkSync('shop.yaml', join(folder, 'rules/link.yaml'));
      commit(folder);
      const messages: readonly [string, string][] = [
        ['HEAD~7', '"HEAD~7" is no file or folder here, and no git revision'],
        [
          'HEAD:nowhere',
          'the revision "HEAD" has no nowhere\n  -> a path begins at the top of the repository; write HEAD:./path for one from here',
        ],
        ['HEAD~7:rules', '"HEAD~7:rules" is no file or folder here, and no git revision'],
        ['HEAD:none', 'HEAD:none: The folder holds no rules file at this revision.'],
        ['HEAD:rules', 'HEAD:rules/link.yaml: The file is a link, and links are not followed in a revision.'],
      ];
      for (const [word, message] of messages) {
        const { code, err } = await run(rulesDiff, folder, [word, 'rules/shop.yaml']);
        expect(code).toBe(2);
        expect(err).toContain(message);
      }
      write(folder, { 'postern.yaml': 'rules: elsewhere\n', 'later/shop.yaml': shop('/a: [r]') });
      for (const [words, path] of [
        [['HEAD', 'HEAD'], 'elsewhere'],
        [['HEAD', 'later'], 'later and no elsewhere'],
        [['later/shop.yaml', 'HEAD'], 'later/shop.yaml and no elsewhere'],
      ] as const) {
        const { err } = await run(rulesDiff, folder, words);
        expect(err).toBe(
          `postern: the revision "HEAD" has no ${path}\n  -> name where the rules were: HEAD:path\n`,
        );
      }
    });
  });
});
