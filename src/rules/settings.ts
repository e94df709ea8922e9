import { nearestWord } from '../document/nearest-word.ts';
import type { YamlPath } from '../document/yaml-document.ts';
import { TOLERANCES, type Tolerance } from '../forwarded/canonical-path.ts';
import { readHeaderMap } from './header-map.ts';
import { readAudiences, readScopes } from './need.ts';
import {
  type App,
  ASSERTION_ALGORITHMS,
  type AssertionAlgorithm,
  type CredentialKind,
  type Place,
} from './rule-set.ts';
import type { RulesFile, YamlMap } from './rules-file.ts';

/** What an app may say beside its name, hosts and rules; `_defaults.yaml` may say it for all apps. */
export interface Settings {
  readonly provider: { readonly name: string; readonly place: Place } | undefined;
  readonly issuers: readonly string[] | undefined;
  readonly audience: readonly string[] | undefined;
  readonly login: App['login'] | undefined;
  readonly credentials: readonly CredentialKind[] | undefined;
  readonly origins: App['origins'] | undefined;
  readonly headers: App['headers'] | undefined;
  readonly passAccessToken: boolean | undefined;
  /** False takes back what the defaults say. */
  readonly assertion: AssertionAlgorithm | false | undefined;
  readonly exchange: { readonly names: readonly string[]; readonly place: Place } | undefined;
  readonly ignoreCase: boolean | undefined;
  readonly tolerate: readonly Tolerance[] | undefined;
  /** For paths without a rule, and where it is written. */
  readonly otherwise: { readonly word: 'deny' | 'authenticated'; readonly id: string } | undefined;
}

export const SETTING_KEYS: readonly (keyof Settings)[] = [
  'provider',
  'issuers',
  'audience',
  'login',
  'credentials',
  'origins',
  'otherwise',
  'ignoreCase',
  'tolerate',
  'headers',
  'passAccessToken',
  'assertion',
  'exchange',
];

/** Reads the settings of an app's file or of the defaults. What is not written is undefined. Ignores all other keys. */
export function readSettings(file: RulesFile, map: YamlMap): Settings {
  const read = <Value>(
    key: keyof Settings,
    reader: (file: RulesFile, path: YamlPath, value: unknown) => Value | undefined,
  ): Value | undefined => (Object.hasOwn(map, key) ? reader(file, [key], map[key]) : undefined);
  return {
    provider: read('provider', readProvider),
    issuers: read('issuers', readIssuers),
    audience: read('audience', readAudiences),
    login: read('login', readLogin),
    credentials: read('credentials', readCredentials),
    origins: read('origins', readOrigins),
    headers: read('headers', readHeaderMap),
    passAccessToken: read('passAccessToken', readBoolean),
    assertion: read('assertion', readAssertion),
    exchange: read('exchange', readExchange),
    ignoreCase: read('ignoreCase', readBoolean),
    tolerate: read('tolerate', readTolerate),
    otherwise: read('otherwise', readOtherwise),
  };
}

function readProvider(file: RulesFile, path: YamlPath, value: unknown): Settings['provider'] {
  const name = file.text(path, value, 'A provider name');
  return name === undefined ? undefined : { name, place: file.placeOf(path) };
}

function readIssuers(file: RulesFile, path: YamlPath, value: unknown): string[] {
  if (isHostName(value))
    return file.refuse(path, 'A list must stand here.', `write [https://${value}/]`) ?? [];
  return file
    .texts(path, value, 'An issuer', '[https://issuer.example.com]')
    .flatMap(({ text, path: place }) => {
      // RFC 8414 section 2: a URL without query and fragment; compared as text, so it is kept as written.
      if (/^https?:\/\/[^\s?#]+$/.test(text) && URL.canParse(text)) return [text];
      return (
        file.refuse(
          place,
          'This is no issuer.',
          `write its URL exactly as its tokens spell \`iss\`${isHostName(text) ? `, such as https://${text}/` : ''}`,
        ) ?? []
      );
    });
}

/** A name where a URL has to stand. */
const isHostName = (value: unknown): boolean =>
  typeof value === 'string' && /^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(value);

function readLogin(file: RulesFile, path: YamlPath, value: unknown): App['login'] | undefined {
  const map = file.map(path, value, ['scopes', 'ask']);
  if (map === undefined) return undefined;
  const at = (key: string): YamlPath => [...path, key];
  const scopes = Object.hasOwn(map, 'scopes') ? readScopes(file, at('scopes'), map['scopes']) : ['openid'];
  // OpenID Connect Core section 3.1.2.1: without it the request is no OpenID Connect request.
  if (!scopes.includes('openid') && Array.isArray(map['scopes']) && map['scopes'].length > 0)
    file.refuse(at('scopes'), '`openid` is missing.', `write [${['openid', ...scopes].join(', ')}]`);
  const ask = Object.hasOwn(map, 'ask') ? file.word(at('ask'), map['ask'], ['rules', 'listed']) : 'rules';
  return { scopes, ask: ask ?? 'rules' };
}

const CREDENTIALS: readonly CredentialKind[] = ['session', 'bearer', 'basic'];

function readCredentials(file: RulesFile, path: YamlPath, value: unknown): CredentialKind[] {
  return file
    .texts(path, value, 'A credential kind', '[session, bearer]')
    .flatMap(({ text, path: place }) => file.word(place, text, CREDENTIALS) ?? []);
}

function readOrigins(file: RulesFile, path: YamlPath, value: unknown): App['origins'] {
  if (value === 'upstream') return value;
  if (typeof value === 'string' && nearestWord(value, ['upstream']) !== undefined)
    return (
      file.refuse(path, `\`${value}\` is no word that can stand here.`, 'did you mean `upstream`?') ?? []
    );
  if (isHostName(value))
    return file.refuse(path, 'A list must stand here.', `write [https://${value}]`) ?? [];
  return file
    .texts(path, value, 'An origin', '[https://www.example.com], or upstream')
    .flatMap(({ text, path: place }) => {
      const url = /^https?:\/\/./i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
      if (url?.origin === text) return [text]; // RFC 6454 section 6.2: what browsers send
      const wayOut =
        url === undefined ? 'write scheme://host or scheme://host:port' : `write \`${url.origin}\``;
      return file.refuse(place, 'This is no serialised origin, so no browser sends it.', wayOut) ?? [];
    });
}

function readBoolean(file: RulesFile, path: YamlPath, value: unknown): boolean | undefined {
  return typeof value === 'boolean'
    ? value
    : file.refuse(path, 'This must be true or false.', 'write true or false, without quotes');
}

function readAssertion(file: RulesFile, path: YamlPath, value: unknown): Settings['assertion'] {
  if (typeof value === 'boolean') return value ? 'ES256' : false;
  if (typeof value === 'string') return file.word(path, value, ASSERTION_ALGORITHMS);
  return file.refuse(path, 'This is no choice of a signed assertion.', 'write true, ES256 or EdDSA');
}

function readExchange(file: RulesFile, path: YamlPath, value: unknown): Settings['exchange'] {
  const names = file.texts(path, value, 'The name of an exchange', '[dash]').map(({ text }) => text);
  return { names, place: file.placeOf(path) };
}

function readTolerate(file: RulesFile, path: YamlPath, value: unknown): Tolerance[] {
  return file
    .texts(path, value, 'A spelling to tolerate', '[semicolon]')
    .flatMap(({ text, path: place }) => file.word(place, text, TOLERANCES) ?? []);
}

function readOtherwise(file: RulesFile, path: YamlPath, value: unknown): Settings['otherwise'] {
  if (value === 'public')
    return file.refuse(
      path,
      'The rest of an app is never public.',
      'write deny or authenticated, and a rule for each public path',
    );
  const word = file.word(path, value, ['deny', 'authenticated']);
  return word === undefined ? undefined : { word, id: file.idOf(path) };
}
