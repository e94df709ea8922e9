import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { renderJsonSchema, renderReference } from '../src/config/reference.ts';
import { fillReference, renderDefaultsSchema, renderRulesSchema } from '../src/rules/reference.ts';
import { renderReasons } from './reasons-page.ts';

const RULES_PAGE = 'docs/rules.md';
const rulesPage = readFileSync(join(import.meta.dirname, '..', RULES_PAGE), 'utf8');

// Writes the documents that are generated from the sources; a test fails when a committed one differs.
const DOCUMENTS: readonly (readonly [path: string, text: string])[] = [
  ['docs/configuration.md', renderReference()],
  ['docs/reasons.md', renderReasons()],
  ['schema/postern.json', renderJsonSchema()],
  ['schema/rules.json', renderRulesSchema()],
  ['schema/rules-defaults.json', renderDefaultsSchema()],
  [RULES_PAGE, fillReference(rulesPage)],
];

for (const [path, text] of DOCUMENTS) {
  const target = join(import.meta.dirname, '..', path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
