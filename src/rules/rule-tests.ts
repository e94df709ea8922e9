import { durationWayOut, parseDuration } from '../document/duration.ts';
import { nearestWord } from '../document/nearest-word.ts';
import type { YamlPath } from '../document/yaml-document.ts';
import { isHttpToken } from '../forwarded/request-target.ts';
import { hostKey, isExactHost, parseHostPattern, wildcardFor } from './host-pattern.ts';
import { TEST } from './language.ts';
import { meantByWord, nearestMethod } from './method.ts';
import { readAcrValue, readAudience, readScopes } from './need.ts';
import type { RulesFile, YamlMap } from './rules-file.ts';

/** What a test may expect: the answers that tell a person or a caller apart what happens. */
export const EXPECTATIONS = ['public', 'permit', 'login', 'forbidden', 'deny', 'bad-request'] as const;
export type Expectation = (typeof EXPECTATIONS)[number];

/** A test of an app's rules, as its file says it. */
export interface RuleTest {
  /** `file:line`. */
  readonly id: string;
  /** An HTTP token. */
  readonly method: string;
  /** The request target as a client sends it. Begins with `/`, unless `expect` is `bad-request`. */
  readonly target: string;
  /** Canonical; of the app. When the test names none: the app's first exact host, else a host of its first pattern. */
  readonly host: string;
  /** Who the token is for; undefined for the app's first audience, whatever the rule needs. */
  readonly audience: string | undefined;
  /** What the token holds; undefined when the caller is anonymous. */
  readonly scopes: readonly string[] | undefined;
  /** The authentication context class that the token names. */
  readonly acr: string | undefined;
  /** Seconds since the person signed in; undefined when the token does not say. */
  readonly loginAge: number | undefined;
  readonly expect: Expectation;
  /** Exactly the scopes that are missing, in any order; undefined when the test does not say. */
  readonly missing: readonly string[] | undefined;
}

const KEYS = Object.keys(TEST);
const FORM = '{ request: GET /orders/7, scopes: [orders:read], expect: permit }';

/**
 * Reads the `tests` of an app. Does *not* run them.
 * @param hosts the app's patterns, canonical
 * @returns the tests that have no problem; the file knows the problems of the others
 */
export function readTests(file: RulesFile, value: unknown, hosts: readonly string[]): readonly RuleTest[] {
  const path = ['tests'];
  if (!Array.isArray(value) || value.length === 0) {
    const message = Array.isArray(value) ? 'The list is empty.' : 'A list of tests must stand here.';
    file.refuse(path, message, `write - ${FORM}, or remove the key`);
    return [];
  }
  return value.flatMap((test: unknown, index) => readTest(file, [...path, index], test, hosts) ?? []);
}

/** @returns the host that a test means when it names none. */
export function usualHost(hosts: readonly string[]): string | undefined {
  const exact = hosts.find(isExactHost);
  const [first] = hosts;
  if (exact !== undefined || first === undefined) return exact;
  return first.startsWith('{tenant}') ? first.replace('{tenant}', 'tenant') : first.replace('*', 'any');
}

function readTest(
  file: RulesFile,
  path: YamlPath,
  value: unknown,
  hosts: readonly string[],
): RuleTest | undefined {
  const map = file.map(path, value, KEYS);
  if (map === undefined) return undefined;
  const absent = ['request', 'expect'].find((key) => !Object.hasOwn(map, key));
  if (absent !== undefined) return file.refuse(path, `The test has no \`${absent}\`.`, `write ${FORM}`);
  const read = <Value>(key: string, reader: Reader<Value>): Value | undefined =>
    Object.hasOwn(map, key) ? reader(file, [...path, key], map[key]) : undefined;
  const expect = read('expect', (_, place, word) => file.word(place, word, EXPECTATIONS));
  const request = read('request', (_, place, text) => readRequest(file, place, text, expect));
  const scopes = read('scopes', readHeldScopes);
  const [audience, acr] = [read('audience', readAudience), read('acr', readAcrValue)];
  const loginAge = read('loginAge', readLoginAge);
  const missing = read('missing', readScopes);
  refuseContradictions(file, path, map, expect);
  const host = Object.hasOwn(map, 'host')
    ? readHost(file, [...path, 'host'], map['host'], hosts)
    : usualHost(hosts);
  if (expect === undefined || request === undefined || host === undefined) return undefined;
  return { id: file.idOf(path), ...request, host, audience, scopes, acr, loginAge, expect, missing };
}

type Reader<Value> = (file: RulesFile, path: YamlPath, value: unknown) => Value | undefined;

function refuseContradictions(
  file: RulesFile,
  path: YamlPath,
  map: YamlMap,
  expect: string | undefined,
): void {
  if (Object.hasOwn(map, 'missing') && expect !== undefined && expect !== 'forbidden')
    file.refuse(
      [...path, 'missing'],
      'Only a caller that is forbidden lacks scopes.',
      'remove `missing`, or write `expect: forbidden`',
      'key',
    );
  for (const key of ['audience', 'acr', 'loginAge'])
    if (Object.hasOwn(map, key) && !Object.hasOwn(map, 'scopes'))
      file.refuse(
        [...path, key],
        `Without \`scopes\` the caller is anonymous and has no token that \`${key}\` could belong to.`,
        'write `scopes` as well; `scopes: []` is a token without scopes',
        'key',
      );
}

/** @returns seconds; none at all is a person who signed in just now. */
const readLoginAge: Reader<number> = (file, path, value) => {
  const seconds = typeof value === 'string' ? parseDuration(value) : undefined;
  return seconds ?? file.refuse(path, 'This is no duration.', durationWayOut(value));
};

/** Like `readScopes`, but a token may hold none. */
const readHeldScopes: Reader<readonly string[]> = (file, path, value) =>
  Array.isArray(value) && value.length === 0 ? [] : readScopes(file, path, value);

function readRequest(
  file: RulesFile,
  path: YamlPath,
  value: unknown,
  expect: Expectation | undefined,
): Pick<RuleTest, 'method' | 'target'> | undefined {
  const text = file.text(path, value, 'A request');
  if (text === undefined) return undefined;
  const [, method = '', target = ''] = /^(\S+) (.+)$/.exec(text) ?? [];
  if (!isHttpToken(method) || target === '')
    return file.refuse(path, 'A request is a method, one blank and an address.', 'write GET /orders/7');
  if (meantByWord(method) !== undefined)
    return file.refuse(path, `\`${method}\` is no method.`, 'write one method, such as GET');
  const near = nearestMethod(method);
  if (near !== undefined)
    return file.refuse(path, `\`${method}\` is no known method.`, `did you mean \`${near}\`?`);
  if (expect === 'bad-request') return { method, target };
  if (!target.startsWith('/'))
    return file.refuse(
      path,
      'The address of a request begins with `/`.',
      /^https?:\/\//i.test(target)
        ? 'write the path alone, and the host as `host`'
        : `write ${method} /${target.trim().replace(/^\/+/, '')}`,
    );
  // Clients send escapes; raw, blanks and what is not ASCII are a 400.
  if (!/^[\x21-\x7e]*$/.test(target))
    return file.refuse(
      path,
      'A request is written as clients send it.',
      `write ${method} ${escaped(target)}`,
    );
  return { method, target };
}

const escaped = (target: string): string =>
  target.replaceAll(/[^\x21-\x7e]+/g, (raw) => encodeURIComponent(raw.toWellFormed()));

function readHost(
  file: RulesFile,
  path: YamlPath,
  value: unknown,
  hosts: readonly string[],
): string | undefined {
  const text = file.text(path, value, 'A host');
  if (text === undefined) return undefined;
  const host = parseHostPattern(text);
  if (typeof host !== 'string') return file.refuse(path, host.message, host.wayOut);
  if (!isExactHost(host))
    return file.refuse(path, 'A test asks for one host.', `write \`${hostKey(host).replace('*', 'any')}\``);
  const keys = hosts.map(hostKey);
  if (keys.includes(host) || keys.includes(wildcardFor(host) ?? '')) return host;
  if (hosts.length === 0) return undefined; // and the file knows why
  const near = nearestWord(host, hosts.filter(isExactHost));
  return file.refuse(
    path,
    `\`${host}\` is no host of this app.`,
    near === undefined ? `write a host of ${hosts.join(', ')}` : `did you mean \`${near}\`?`,
  );
}
