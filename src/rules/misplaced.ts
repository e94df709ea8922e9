import type { YamlPath } from '../document/yaml-document.ts';
import { foreignBlank } from './foreign-blank.ts';
import { isRegisteredMethod } from './method.ts';
import { isYamlMap, type RulesFile, type YamlMap } from './rules-file.ts';

/**
 * Refuses paths that stand beside `rules`, once for all of them: one indentation is what is wrong.
 * @returns the map without them
 */
export function withoutStrayPaths(file: RulesFile, map: YamlMap): YamlMap {
  const stray = Object.keys(map).filter((key) => isPath(key));
  const [first] = stray;
  if (first === undefined) return map;
  const blank = foreignBlank(first);
  if (blank !== undefined) file.refuse([first], ...blank, 'key');
  else if (Object.hasOwn(map, 'rules'))
    file.refuse(
      [first],
      `\`${first}\` stands beside \`rules\`.`,
      `indent this below \`rules\`${stray.length === 1 ? '' : ', and every path behind it'}`,
      'key',
    );
  else file.refuse([first], 'Paths stand below `rules`.', 'write `rules:`, and indent this below it', 'key');
  const emptied = map['rules'] === null ? ['rules', ...stray] : stray;
  return Object.fromEntries(Object.entries(map).filter(([key]) => !emptied.includes(key)));
}

const isPath = (key: string): boolean => /^[\s\u200b]*\//u.test(key);

/**
 * Refuses methods that stand among the paths.
 * @param path of the key
 * @returns whether the key is no path, and the file knows it
 */
export function refuseMethodAsPath(file: RulesFile, path: YamlPath, key: string, value: unknown): boolean {
  if (isMethodKey(key)) {
    file.refuse(
      path,
      `\`${key}\` stands on the level of the paths.`,
      key === 'otherwise' || key === 'audience'
        ? 'indent it below a path, or, for all of them, write it beside `rules`'
        : 'indent the method below the path',
      'key',
    );
    return true;
  }
  const [, methods = '', target = ''] = /^(\S.*?)\s+(\/.*)$/s.exec(key) ?? [];
  if (!isMethodKey(methods)) return false;
  file.refuse(
    path,
    'A path and its methods are two levels.',
    `write \`${target}: { ${methods}: ${flowText(value)} }\``,
    'key',
  );
  return true;
}

/** @returns whether a key of `rules` belongs one level deeper. */
export const isMethodKey = (key: string): boolean =>
  key === 'otherwise' ||
  key === 'audience' ||
  (key !== '' && key.split(/[\s,]+/).every((word) => isRegisteredMethod(word.toUpperCase())));

/** A need as it was written, in one line. */
function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`;
  if (isYamlMap(value))
    return `{ ${Object.entries(value)
      .map(([key, part]) => `${key}: ${flowText(part)}`)
      .join(', ')} }`;
  return value === null ? '[scope]' : String(value);
}
