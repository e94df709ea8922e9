import { jsonText } from '../document/json-text.ts';
import { APP, type LanguageKeys, TEST } from './language.ts';
import { defaultsSchema, rulesSchema } from './rules-schema.ts';

/** @returns schema/rules.json. */
export const renderRulesSchema = (): string => jsonText(rulesSchema());

/** @returns schema/rules-defaults.json. */
export const renderDefaultsSchema = (): string => jsonText(defaultsSchema());

/** Fills the generated tables of docs/rules.md. @param page the page, with its marks @throws when a mark is missing */
export function fillReference(page: string): string {
  const filled = fill(page, 'keys of an app', keyTable(APP, 'required'));
  return fill(filled, 'keys of a test', keyTable(TEST, ''));
}

function fill(page: string, name: string, table: string): string {
  const [begin, end] = [`<!-- begin: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no marks for "${name}"`);
  return `${page.slice(0, from)}${begin}\n${table}\n${page.slice(to)}`;
}

function keyTable(keys: LanguageKeys, byDefault: string): string {
  const rows = Object.keys(keys).map((key) => {
    const row = keys[key];
    const name = `\`${key}\`${row?.inherited === true ? ' *d*' : ''}`;
    return `| ${name} | ${row?.what} | ${row?.byDefault ?? byDefault} |`.replaceAll('  ', ' ');
  });
  return ['| key | meaning | default |', '|---|---|---|', ...rows].join('\n');
}
