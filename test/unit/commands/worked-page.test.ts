import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { expect, test } from '@jest/globals';
import { rules } from '../../../src/commands/rules.ts';

const PAGE = new URL('../../../docs/rules-worked.md', import.meta.url);
const UPDATE = process.env['POSTERN_UPDATE_PAGES'] === '1';

/** Runs one line of the page's console, in a folder. @returns what it printed */
async function run(line: string, folder: string): Promise<string> {
  const [program, ...argv] = line.split(' ');
  if (program === 'cp') {
    cpSync(join(folder, argv[1] ?? ''), join(folder, argv[2] ?? ''), { recursive: true });
    return '';
  }
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { rules: { type: 'string' }, scopes: { type: 'string' } },
  });
  expect([program, positionals[0]]).toEqual(['postern', 'rules']);
  let printed = '';
  const print = (text: string): void => {
    printed += text;
  };
  const world = { env: {}, cwd: folder, configPath: undefined, json: false, out: print, err: print };
  await rules({ ...world, words: positionals.slice(1), values, stdin: async () => '' });
  return printed;
}

// Rewrite the outputs of the page with POSTERN_UPDATE_PAGES=1.
test('the worked page prints what the commands print', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-worked-'));
  try {
    mkdirSync(join(folder, 'rules'));
    const file = join(folder, 'rules/shop.yaml');
    const page = readFileSync(PAGE, 'utf8');
    const parts = page.split(/(^```\w+\n[\s\S]*?^```\n)/m);
    let ran = 0;
    for (const [at, part] of parts.entries()) {
      const [, language, body = ''] = /^```(\w+)\n([\s\S]*?)```\n$/.exec(part) ?? [];
      if (language === 'yaml') writeFileSync(file, body);
      if (language === 'diff') {
        const [, before = '', after = ''] = /^-(.*)\n\+(.*)\n$/.exec(body) ?? [];
        expect(readFileSync(file, 'utf8')).toContain(before);
        writeFileSync(file, readFileSync(file, 'utf8').replace(before, after));
      }
      if (language === 'console') {
        const [command = ''] = body.split('\n', 1);
        parts[at] = `\`\`\`console\n${command}\n${await run(command.slice(2), folder)}\`\`\`\n`;
        ran += 1;
      }
    }
    expect(ran).toBe(6);
    if (UPDATE) writeFileSync(PAGE, parts.join(''));
    expect(page).toBe(parts.join(''));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
