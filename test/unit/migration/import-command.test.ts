import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { rulesImport } from '../../../src/commands/rules/import.ts';
import { loadRuleSet } from '../../../src/rules/load.ts';
import { readRuleFiles } from '../../../src/rules/read-rules.ts';
import { inFolder, run } from '../review/_command.ts';

const FILE = `domain: https://acme.eu.auth0.com/
default: { name: example.test, client-id: AbC, client-secret: s3cr3t, audience: https://api }
apps:
- name: www.example.test
  restricted-methods: [POST, PUT, PATCH, DELETE]
  token-cookie-domain: example.test
`;

test('writes files that load into a folder, and the report to the standard output', async () => {
  await inFolder({ 'application.yaml': FILE }, async (folder) => {
    const { code, out, err } = await run(rulesImport, folder, ['application.yaml'], { out: 'made/rules' });
    // GET and OPTIONS are open to everybody: somebody has to say whether that was meant.
    expect([code, err]).toEqual([1, '']);
    expect(readdirSync(join(folder, 'made/rules')).toSorted()).toEqual([
      'example.test.yaml',
      'www.example.test.yaml',
    ]);
    const { files, problems } = await readRuleFiles(join(folder, 'made/rules'));
    expect(problems).toEqual([]);
    expect('ruleSet' in loadRuleSet(files)).toBe(true);
    expect(out).toContain('application.yaml: 2 rules files in made/rules\n');
    expect(out).toContain('6: token-cookie-domain (no equivalent): a session belongs to one host');
    expect(out).toContain('5: restricted-methods (changed): the list leaves out GET OPTIONS');
    expect(out).toContain('issuer: "https://acme.eu.auth0.com/"');
    expect(out).not.toContain('s3cr3t');
    expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(out).toContain(
      'Next: read the files, and decide what is changed. Then\n  postern rules table --rules made/rules\n  postern check --rules made/rules\n',
    );
  });
});

test('overwrites nothing, and writes nothing then', async () => {
  const files = { 'application.yaml': FILE, 'rules/example.test.yaml': 'mine' };
  await inFolder(files, async (folder) => {
    const { code, out, err } = await run(rulesImport, folder, ['application.yaml'], { out: 'rules' });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('rules/example.test.yaml exists, and nothing is overwritten; no file was written');
    expect(readFileSync(join(folder, 'rules/example.test.yaml'), 'utf8')).toBe('mine');
    expect(existsSync(join(folder, 'rules/www.example.test.yaml'))).toBe(false);
  });
});

test('prints rules to the standard output and the report beside it, without a folder', async () => {
  await inFolder({ 'application.yaml': FILE }, async (folder) => {
    const { code, out, err } = await run(rulesImport, folder, ['application.yaml']);
    expect(code).toBe(1);
    expect(err).toContain('# a new one: openssl rand -base64 32\n');
    expect(out).toContain('# ==== www.example.test.yaml ====\n');
    expect(out).toContain('    GET OPTIONS: public\n');
    expect(err).toContain('Next: write them with --out FOLDER; nothing was written.');
    expect(readdirSync(folder)).toEqual(['application.yaml']);
  });
});

test.each<[string, string, number, string]>([
  ['nothing to decide', '- name: www.example.test\n', 0, '1 rules file'],
  [
    'a list of no methods',
    '- { name: www.example.test, restricted-methods: [] }\n',
    1,
    '4: restricted-methods (changed): the list is empty: every method was open',
  ],
])('exit code with %s', async (_, apps, expected, text) => {
  const file = `domain: https://acme.eu.auth0.com/
default: { name: default, client-id: AbC, audience: https://api }
apps:
${apps}`;
  await inFolder({ 'application.yaml': file }, async (folder) => {
    const { code, out } = await run(rulesImport, folder, ['application.yaml'], { out: 'rules' });
    expect([code, readdirSync(join(folder, 'rules'))]).toEqual([expected, ['www.example.test.yaml']]);
    expect(out).toContain(text);
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      '2: default (no equivalent): `default` is no host that a browser asks for',
    );
    expect(out).toContain('provider:\n    kind: auth0\n');
  });
});

test('exits with 1 when an app is left out', async () => {
  const files = { 'application.yaml': `${FILE}- name: a b\n` };
  await inFolder(files, async (folder) => {
    const { code, out } = await run(rulesImport, folder, ['application.yaml'], { out: 'rules' });
    expect(code).toBe(1);
    expect(out).toContain('application.yaml: 2 rules files in rules, 1 app not imported');
    expect(out).toContain('7: name (NOT IMPORTED): `a b` is no host name');
  });
});

test('prints JSON with the files, the findings and the configuration', async () => {
  await inFolder({ 'application.yaml': FILE }, async (folder) => {
    const { code, out } = await run(rulesImport, folder, ['application.yaml'], { json: true });
    expect(code).toBe(1);
    const answer = JSON.parse(out) as Record<string, unknown>;
    expect(Object.keys(answer)).toEqual(['ok', 'folder', 'files', 'findings', 'configuration']);
    expect(answer['ok']).toBe(false);
    expect(out).not.toContain('s3cr3t');
  });
});

test.each<[string, readonly string[], string]>([
  ['no word', [], 'which file is imported?'],
  ['two words', ['application.yaml', 'x'], '"x" is one word too many'],
  ['a file that is not there', ['nothing.yaml'], '"nothing.yaml" does not exist'],
  ['a folder', ['folder'], '"folder" cannot be read (EISDIR)'],
  ['another YAML file', ['other.yaml'], 'other.yaml:1:1: This is no application.yaml of ForwardAuth'],
])('refuses %s', async (_, words, message) => {
  const files = { 'application.yaml': FILE, 'other.yaml': 'client-secret: s3cr3t\n', 'folder/x': '' };
  const { code, out, err } = await inFolder(files, (folder) => run(rulesImport, folder, words));
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(message);
  expect(err).not.toContain('s3cr3t');
});
