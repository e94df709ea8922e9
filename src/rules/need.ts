import { durationWayOut, parseDuration } from '../document/duration.ts';
import { nearestWord } from '../document/nearest-word.ts';
import type { YamlPath } from '../document/yaml-document.ts';
import { isScopeToken } from '../token/scope.ts';
import { foreignBlank } from './foreign-blank.ts';
import { NEED } from './language.ts';
import { type Need, tokenNeed } from './rule.ts';
import { isYamlMap, type RulesFile } from './rules-file.ts';

const WORDS = ['public', 'authenticated', 'deny'] as const;

/** Keys of a need that is a map. */
export const NEED_KEYS = Object.keys(NEED);

/**
 * Reads a need: a word, a list with one scope, or a map of `all`, `any`, `audience`, `acr`, `loginWithin`.
 * @param audiences what holds unless the need names its own; may be empty, which is *not* checked here
 * @returns undefined when it has a problem, which the file then knows
 */
export function readNeed(
  file: RulesFile,
  path: YamlPath,
  value: unknown,
  audiences: readonly string[],
): Need | undefined {
  if (typeof value === 'string') return readWord(file, path, value, audiences);
  if (Array.isArray(value)) return readList(file, path, value, audiences);
  if (isYamlMap(value)) return readMap(file, path, value, audiences);
  return file.refuse(
    path,
    value === null ? 'The need is empty.' : 'A need is a word, a list with one scope, or a map.',
    'write public, authenticated, deny, [scope], or { all: [scope, scope] }',
  );
}

/** Reads scopes: a list that is not empty, of different RFC 6749 scope tokens. */
export function readScopes(file: RulesFile, path: YamlPath, value: unknown): string[] {
  return file.texts(path, value, 'A scope', '[orders:read]').flatMap(({ text, path: place }) => {
    if (isScopeToken(text)) return [text];
    const parts = text.split(/[\s,]+/).filter((part) => part !== '');
    if (/\s/.test(text))
      file.refuse(
        place,
        'A scope holds no blank.',
        `write { all: [${parts.join(', ')}] } if several scopes are meant`,
      );
    else
      file.refuse(
        place,
        'This is no scope token (RFC 6749 section 3.3).',
        'write printable ASCII without blanks, double quotes and backslashes',
      );
    return [];
  });
}

/** Reads an audience or a list of audiences (any of): exact texts without blanks. */
export function readAudiences(file: RulesFile, path: YamlPath, value: unknown): string[] {
  if (!Array.isArray(value)) return [readAudience(file, path, value) ?? []].flat();
  return file
    .texts(path, value, 'An audience', '[https://api.example.com]')
    .flatMap(({ text, path: place }) => readAudience(file, place, text) ?? []);
}

/** Reads one audience: an exact text without blanks. */
export function readAudience(file: RulesFile, path: YamlPath, value: unknown): string | undefined {
  const text = file.text(path, value, 'An audience');
  if (text === undefined || !/\s/.test(text)) return text;
  return file.refuse(
    path,
    'An audience holds no blank.',
    'write one text for each audience: [first, second]',
  );
}

/** Reads an authentication context class: compared exactly, and fit to stand in `acr_values` of a challenge (RFC 9470). */
export function readAcrValue(file: RulesFile, path: YamlPath, value: unknown): string | undefined {
  const text = file.text(path, value, 'An `acr` value');
  if (text === undefined || isScopeToken(text)) return text; // the same characters
  return /\s/.test(text)
    ? file.refuse(path, 'An `acr` value holds no blank.', 'write one text for each value: [first, second]')
    : file.refuse(
        path,
        'An `acr` value is printable ASCII without double quotes and backslashes.',
        'write it as the access token spells `acr`',
      );
}

/** @returns seconds. */
function readLoginWithin(file: RulesFile, path: YamlPath, value: unknown): number | undefined {
  const seconds = typeof value === 'string' ? parseDuration(value) : undefined;
  if (seconds === undefined) return file.refuse(path, 'This is no duration.', durationWayOut(value));
  if (seconds > 0) return seconds;
  return file.refuse(path, 'Nobody can have signed in within no time.', 'write a duration such as `15m`');
}

function readWord(
  file: RulesFile,
  path: YamlPath,
  word: string,
  audiences: readonly string[],
): Need | undefined {
  if (word === 'public' || word === 'deny') return { kind: word };
  if (word === 'authenticated') return tokenNeed(audiences);
  if (/^\s*(?:\[.*\]|\{.*\})\s*$/s.test(word))
    return file.refuse(path, 'The quotes make one text of this need.', 'remove the quotes');
  const blank = foreignBlank(word);
  if (blank !== undefined) return file.refuse(path, ...blank);
  const near = nearestWord(word, WORDS);
  if (near !== undefined) return file.refuse(path, `\`${word}\` is no need.`, `did you mean \`${near}\`?`);
  const scope = isScopeToken(word)
    ? `; a scope is written as a list: [${word}]`
    : ', [scope], or { all: [scope, scope] }';
  return file.refuse(path, `\`${word}\` is no need.`, `write public, authenticated, deny${scope}`);
}

function readList(
  file: RulesFile,
  path: YamlPath,
  list: unknown[],
  audiences: readonly string[],
): Need | undefined {
  if (list.length > 1 && list.every((item) => typeof item === 'string')) {
    const shown = list.join(', ');
    return file.refuse(
      path,
      'A list of several scopes does not say whether all or any of them are needed.',
      `write { all: [${shown}] } or { any: [${shown}] }`,
    );
  }
  const [scope] = readScopes(file, path, list);
  return scope === undefined ? undefined : tokenNeed(audiences, [scope]);
}

function readMap(
  file: RulesFile,
  path: YamlPath,
  value: object,
  audiences: readonly string[],
): Need | undefined {
  const map = file.map(path, value, NEED_KEYS);
  if (map === undefined) return undefined;
  if (Object.keys(map).length === 0)
    return file.refuse(
      path,
      'The need is empty.',
      'write public, authenticated, deny, [scope], or { all: [scope] }',
    );
  const scopes = (key: string): string[] =>
    Object.hasOwn(map, key) ? readScopes(file, [...path, key], map[key]) : [];
  const own = Object.hasOwn(map, 'audience')
    ? readAudiences(file, [...path, 'audience'], map['audience'])
    : audiences;
  const [allOf, anyOf] = [scopes('all'), scopes('any')];
  const acr = Object.hasOwn(map, 'acr')
    ? file
        .texts([...path, 'acr'], map['acr'], 'An `acr` value', '[mfa]')
        .flatMap(({ text, path: place }) => readAcrValue(file, place, text) ?? [])
    : [];
  const loginWithin = Object.hasOwn(map, 'loginWithin')
    ? readLoginWithin(file, [...path, 'loginWithin'], map['loginWithin'])
    : undefined;
  const refused = own.length === 0 && own !== audiences; // and the file knows why
  return refused ? undefined : { ...tokenNeed(own, allOf, anyOf), acr, loginWithin };
}
