import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { disagreements } from '../../src/agreement.ts';
import { ruleSetOf } from '../support/requests.ts';
import { load, SECRET } from './config/_load.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/machines.md'), 'utf8');
const blocks = [...page.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)].map(([, file = '', text = '']) => ({
  file,
  text,
}));

test('every configuration and every rules file of the page loads, and they fit together', () => {
  let config: ReturnType<typeof configOf> | undefined;
  const seen: string[] = [];
  for (const { file, text } of blocks) {
    seen.push(file);
    if (file === 'postern.yaml') config = configOf(text);
    else if (config !== undefined) expect(disagreements(config, ruleSetOf(text))).toEqual([]);
  }
  expect(seen).toEqual([
    ...['postern.yaml', 'rules/orders.yaml'],
    ...['postern.yaml', 'rules/dash.yaml'],
    ...['postern.yaml', 'rules/orders.yaml'],
  ]);
});

function configOf(text: string) {
  const result = load({
    path: '/app/postern.yaml',
    env: { CLIENT_SECRET: 'a-client-secret', POSTERN_SESSION_SECRET: SECRET },
    files: { '/app/postern.yaml': text },
  });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.config;
}
