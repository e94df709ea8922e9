import { nearestWord } from '../document/nearest-word.ts';
import type { YamlPath } from '../document/yaml-document.ts';
import { looksLikeMethods, meantByWord, readMethods } from './method.ts';
import { NEED_KEYS, readAudiences, readNeed } from './need.ts';
import type { PathPattern } from './path-pattern.ts';
import type { Rule } from './rule.ts';
import type { PathRules } from './rule-set.ts';
import { isYamlMap, type RulesFile, type YamlMap } from './rules-file.ts';

const SAMPLES: Readonly<Record<string, string>> = { acr: '[mfa]', loginWithin: '15m' };

const NO_METHODS: ReadonlyMap<string, Rule> = new Map();

/**
 * Reads the value of a path: one need, or a map from methods to needs.
 * @param text the path as written, for the rules' names
 * @param audiences the app's; a path's own `audience` replaces them, and a need's own replaces both
 */
export function readPathRules(
  file: RulesFile,
  path: YamlPath,
  pattern: PathPattern,
  value: unknown,
  audiences: readonly string[],
): PathRules {
  const text = String(path.at(-1));
  if (isYamlMap(value) && Object.keys(value).some((key) => key === 'otherwise' || looksLikeMethods(key)))
    return { pattern, ...readMethodMap(file, path, text, value, audiences) };
  const need = readNeed(file, path, value, audiences);
  const rest = need === undefined ? undefined : { id: file.idOf(path), path: text, method: undefined, need };
  return { pattern, byMethod: NO_METHODS, rest };
}

function readMethodMap(
  file: RulesFile,
  path: YamlPath,
  text: string,
  map: YamlMap,
  appAudiences: readonly string[],
): Omit<PathRules, 'pattern'> {
  const byMethod = new Map<string, Rule>();
  let rest: Rule | undefined;
  const audiences = Object.hasOwn(map, 'audience')
    ? readAudiences(file, [...path, 'audience'], map['audience'])
    : appAudiences;
  // The methods of one key share its need.
  const rulesOf = (key: string, methods: readonly string[]): readonly Rule[] => {
    const need = readNeed(file, [...path, key], map[key], audiences);
    const id = file.idOf([...path, key]);
    return need === undefined ? [] : methods.map((method) => ({ id, path: text, method, need }));
  };
  const lines = new Map<string, number>();
  for (const key of Object.keys(map)) {
    const place = [...path, key];
    if (key === 'audience') continue;
    if (key === 'otherwise') [rest] = rulesOf(key, [key]);
    else if (!looksLikeMethods(key)) refuseKey(file, place, key);
    else {
      const methods = readMethods(file, place, key);
      for (const method of methods) {
        const first = lines.get(method);
        if (first !== undefined)
          file.refuse(
            place,
            `\`${method}\` is named twice for this path; first on line ${first}.`,
            'keep one of the two',
            'key',
          );
        lines.set(method, file.lineOf(place, 'key'));
      }
      for (const rule of rulesOf(key, methods)) byMethod.set(String(rule.method), rule);
    }
  }
  const get = byMethod.get('GET');
  if (get !== undefined && !byMethod.has('HEAD')) byMethod.set('HEAD', get);
  return { byMethod, rest };
}

function refuseKey(file: RulesFile, place: YamlPath, key: string): void {
  const near = meantByWord(key) === undefined ? nearestWord(key, ['otherwise', 'audience']) : 'otherwise';
  if (NEED_KEYS.includes(key))
    file.refuse(
      place,
      `\`${key}\` stands beside methods.`,
      `write the need behind each method: GET: { ${key}: ${SAMPLES[key] ?? '[scope]'} }`,
      'key',
    );
  else
    file.refuse(
      place,
      `\`${key}\` is no key that can stand here.`,
      near === undefined
        ? 'keys here are methods in upper case, otherwise and audience'
        : `did you mean \`${near}\`?`,
      'key',
    );
}
