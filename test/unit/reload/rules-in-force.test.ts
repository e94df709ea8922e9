import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLog } from '../../../src/log.ts';
import { createRulesInForce, type RulesInForce } from '../../../src/reload/rules-in-force.ts';
import { loadRuleSet } from '../../../src/rules/load.ts';
import { makeRulesFolder, type RulesFolder } from '../../support/rules-folder.ts';
import { configOfFile, withLines } from '../config/_load.ts';

const RULES = 'app: shop\nhosts: [shop.example.com]\nrules: { /: public }\n';

let folder: RulesFolder;
let lines: Record<string, unknown>[];
let outcomes: string[];
let inForce: RulesInForce;
let at: number;
let broken: boolean;

beforeEach(() => {
  folder = makeRulesFolder({ 'shop.yaml': RULES });
  [lines, outcomes, at, broken] = [[], [], 1000, false];
  const { config } = configOfFile(withLines(`rules: ${folder.path}`));
  const loaded = loadRuleSet([{ file: join(folder.path, 'shop.yaml'), text: RULES }]);
  if ('problems' in loaded) throw new TypeError(JSON.stringify(loaded.problems));
  inForce = createRulesInForce(config, loaded.ruleSet, {
    log: createLog(config.log, { write: (line) => void lines.push(JSON.parse(line)) }),
    reloaded: (outcome) => outcomes.push(outcome),
    now: () => at,
    build: async ({ files }, options) => {
      if (broken) throw new RangeError('out of memory');
      return loadRuleSet(files, options);
    },
  });
});
afterEach(() => {
  inForce.close();
  folder[Symbol.dispose]();
});

describe('the rules in force', () => {
  test('are those of the start, then those of the disk; the time of loading is the time of the swap', async () => {
    const before = inForce.ruleSet();
    at = 2000;
    await inForce.reload();
    expect([inForce.ruleSet(), inForce.state()]).toEqual([
      before,
      { version: before.version, loadedAt: 1000, refusal: undefined },
    ]);
    folder.edit('shop.yaml', `${RULES}otherwise: deny\n`);
    await inForce.reload();
    const { version } = inForce.ruleSet();
    expect(version).not.toBe(before.version);
    expect(inForce.state()).toEqual({ version, loadedAt: 2000, refusal: undefined });
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'info',
        event: 'rules-reloaded',
        before: before.version,
        rules: { version, apps: 1 },
      }),
    ]);
    expect(outcomes).toEqual(['unchanged', 'swapped']);
  });

  test('stay when rules cannot be built, for which there is a line of its own, until they can', async () => {
    const before = inForce.ruleSet();
    folder.edit('shop.yaml', `${RULES}otherwise: deny\n`);
    broken = true;
    await inForce.reload();
    expect(inForce.ruleSet()).toBe(before);
    expect(inForce.state().refusal).toMatchObject({
      since: 1000,
      problems: [{ file: folder.path, message: 'The rules cannot be built.' }],
    });
    expect(lines.map(({ event }) => event)).toEqual(['failed', 'rules-refused']);
    expect(lines[0]).toMatchObject({ level: 'error', err: { type: 'RangeError', message: 'out of memory' } });
    broken = false;
    await inForce.reload();
    expect(inForce.state().refusal).toBeUndefined();
    expect(outcomes).toEqual(['refused', 'swapped']);
  });

  test('are built no further after the end, which is no failure', async () => {
    const { config } = configOfFile(withLines(`rules: ${folder.path}`));
    let asked: (signal: AbortSignal | undefined) => void;
    const signalled = new Promise<AbortSignal | undefined>((resolve) => {
      asked = resolve;
    });
    const ending = createRulesInForce(config, inForce.ruleSet(), {
      log: createLog(config.log, { write: (line) => void lines.push(JSON.parse(line)) }),
      reloaded: (outcome) => outcomes.push(outcome),
      now: () => at,
      build: (_read, _options, signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('ended')));
          asked(signal);
        }),
    });
    folder.edit('shop.yaml', `${RULES}otherwise: deny\n`);
    const reloading = ending.reload();
    const signal = await signalled;
    expect(signal?.aborted).toBe(false);
    ending.close();
    await reloading;
    expect([signal?.aborted, lines, outcomes]).toEqual([true, [], []]);
  });

  test('are asked for by nobody after the end', async () => {
    inForce.close();
    folder.edit('shop.yaml', `${RULES}otherwise: deny\n`);
    await inForce.reload();
    expect([lines, outcomes]).toEqual([[], []]);
  });
});
