import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { OPTIONS } from '../../../src/commands/other-commands.ts';
import { schema } from '../../../src/commands/schema.ts';
import { COMMAND_NAMES, usage } from '../../../src/commands/usage.ts';
import { runTests } from '../../../src/review/run-tests.ts';
import { loadRuleSet } from '../../../src/rules/load.ts';
import { renderReasons } from '../../../tools/reasons-page.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const page = read('docs/commands.md');
const [general = '', ...sections] = page.split(/^## /m);

describe('docs/commands.md', () => {
  test('has a section for each command of the help, in its order', () => {
    expect(sections.map((section) => section.split('\n', 1)[0])).toEqual(
      COMMAND_NAMES.map((name) => `postern ${name}`),
    );
  });

  test.each(COMMAND_NAMES.map((name) => [name]))(
    'postern %s: options as the program has them, and exit codes',
    (name) => {
      const section = sections[COMMAND_NAMES.indexOf(name)] ?? '';
      const options = OPTIONS[name] ?? [];
      const named = (text: string): readonly string[] =>
        [...new Set([...text.matchAll(/--([a-z][a-z-]*)/g)].map(([, option = '']) => option))].filter(
          (option) => option !== 'json',
        );
      expect(named(section).toSorted()).toEqual([...options].toSorted());
      const [own = ''] = usage(name).split('\n\n').slice(1);
      expect(named(own).toSorted()).toEqual([...options].toSorted());
      expect(section).toMatch(/Exit\s+codes: 0/);
    },
  );

  test.each(['config', 'json', 'help', 'version'])('tells of --%s once for all', (option) => {
    expect(general).toContain(`--${option}`);
  });
});

describe('postern schema', () => {
  const run = async (words: readonly string[], json = false) => {
    let [out, err] = ['', ''];
    const code = await schema({
      ...{ env: {}, cwd: '/', configPath: undefined, json, words },
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
    });
    return { code, out, err };
  };

  test.each([
    [[], 'schema/rules.json'],
    [['rules'], 'schema/rules.json'],
    [['defaults'], 'schema/rules-defaults.json'],
    [['config'], 'schema/postern.json'],
  ])('%j prints %s', async (words, path) => {
    expect(await run(words)).toEqual({ code: 0, out: read(path), err: '' });
  });

  test.each([
    [['app'], '"app" is none of rules, defaults, config'],
    [['rules', 'x'], '"x" is none of rules, defaults, config'],
  ])('%j is a wrong call', async (words, message) => {
    const wayOut = 'write postern schema rules > rules.schema.json';
    expect(await run(words)).toEqual({ code: 2, out: '', err: `postern: ${message}\n  -> ${wayOut}\n` });
    const { out } = await run(words, true);
    expect(JSON.parse(out)).toEqual({ ok: false, problems: [{ message, wayOut }] });
  });
});

test('docs/reasons.md is what the table of reasons says; else run `npm run docs`', () => {
  expect(read('docs/reasons.md')).toBe(renderReasons());
});

describe('docs/rules.md', () => {
  const recipes = [...read('docs/rules.md').matchAll(/^### (.+)$|^```yaml\n(app: [\s\S]*?)^```$/gm)].reduce<
    [string, string][]
  >((found, [, title, text]) => {
    if (title !== undefined) found.push([title, '']);
    const last = found.at(-1);
    if (text !== undefined && last !== undefined) last[1] += text;
    return found;
  }, []);

  test.each(recipes.filter(([, text]) => text !== ''))('recipe: %s', (_, text) => {
    const loaded = loadRuleSet([{ file: 'recipe.yaml', text }]);
    if ('problems' in loaded) throw new TypeError(JSON.stringify(loaded.problems));
    const results = runTests(loaded.ruleSet, ['_auth'], 0);
    expect(results.length).toBeGreaterThan(1);
    expect(results.flatMap(({ failure }) => failure?.summary ?? [])).toEqual([]);
  });

  test('has the recipes that people ask for', () => {
    expect(recipes.map(([title]) => title)).toEqual([
      'A webhook for services alone',
      'A page of another origin',
      'Metrics, for a scraper with another audience',
      'Rules in CI, without secrets',
    ]);
  });
});
