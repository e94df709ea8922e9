import type { Problem } from '../document/problem.ts';
import { readYaml, type YamlDocument, type YamlPath } from '../document/yaml-document.ts';

/** A value and the line that it stands on. */
export interface Written<Value> {
  readonly value: Value;
  readonly line: number;
}

/** One application as `application.yaml` of ForwardAuth says it; what is not written, or empty, is undefined. */
export interface Application {
  readonly line: number;
  readonly name: Written<string> | undefined;
  readonly clientId: Written<string> | undefined;
  /** Only whether there is one: its text goes nowhere. */
  readonly clientSecret: Written<true> | undefined;
  readonly audience: Written<string> | undefined;
  readonly scope: Written<string> | undefined;
  readonly redirectUri: Written<string> | undefined;
  readonly tokenCookieDomain: Written<string> | undefined;
  readonly restrictedMethods: Written<readonly string[]> | undefined;
  /** An empty list of methods: there, it left every method open. */
  readonly restrictsNothing: Written<true> | undefined;
  readonly requiredPermissions: Written<readonly string[]> | undefined;
  readonly claims: Written<readonly string[]> | undefined;
  readonly returnTo: Written<string> | undefined;
  /** Keys that ForwardAuth does not have, or has already. */
  readonly unread: readonly Written<string>[];
}

/** The whole file. */
export interface ApplicationFile {
  readonly file: string;
  readonly domain: Written<string> | undefined;
  /** Keys of the endpoints, which discovery finds here. */
  readonly endpoints: readonly Written<string>[];
  readonly nonceMaxAge: Written<string> | undefined;
  readonly fallback: Application | undefined;
  readonly apps: readonly Application[];
  /** Settings of the framework, and what is unknown. */
  readonly unread: readonly Written<string>[];
  /** What YAML makes of it and may not be meant; it can be read all the same. */
  readonly doubts: readonly Problem[];
}

/**
 * Reads `application.yaml` of dniel's ForwardAuth for Auth0. As Spring does, takes `client-id`, `clientId` and `client_id` for
 * one key, and a text with commas for a list. Does *not* see what its environment variables say.
 */
export function readApplicationFile(
  file: string,
  text: string,
): { readonly written: ApplicationFile } | { readonly problems: readonly Problem[] } {
  const document = readYaml(file, text);
  const root = document.value;
  if (root === undefined) return { problems: document.problems };
  const map = mapAt(document, root, []);
  if (map === undefined || !(map.has('apps') || map.has('default')))
    return {
      problems: [
        document.problemAt(
          [],
          'This is no application.yaml of ForwardAuth: it has neither `apps` nor `default`.',
          'name the file that its `apps` list stands in',
        ),
      ],
    };
  const [list, single] = [map.get('apps'), map.get('default')];
  const apps = list === undefined || list.value === null ? [] : list.value;
  if (list !== undefined && !Array.isArray(apps))
    return {
      problems: [document.problemAt(list.path, '`apps` is no list.', 'write `- name: host` below it')],
    };
  const known = ['apps', 'default', 'domain', 'noncemaxage', ...ENDPOINTS];
  return {
    written: {
      file,
      domain: textOf(document, map.get('domain')),
      endpoints: ENDPOINTS.flatMap((key) => nameOf(document, map.get(key))),
      nonceMaxAge: textOf(document, map.get('noncemaxage')),
      fallback: single === undefined ? undefined : applicationAt(document, single.value, single.path),
      apps: (apps as unknown[]).map((app, at) => applicationAt(document, app, [...(list?.path ?? []), at])),
      unread: [...map].flatMap(([key, entry]) => (known.includes(key) ? [] : nameOf(document, entry))),
      doubts: document.problems,
    },
  };
}

const ENDPOINTS = ['tokenendpoint', 'authorizeurl', 'userinfoendpoint', 'logoutendpoint'];

interface Entry {
  readonly value: unknown;
  readonly path: YamlPath;
}

/** By the name that Spring would bind: no case, no hyphens, no underscores. The first spelling wins. */
function mapAt(
  document: YamlDocument,
  value: unknown,
  path: YamlPath,
): ReadonlyMap<string, Entry> | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const map = new Map<string, Entry>();
  for (const [key, item] of Object.entries(value)) {
    const name = key.toLowerCase().replace(/[-_]/g, '');
    map.set(map.has(name) ? `${name} ${document.placeAt([...path, key], 'key').line}` : name, {
      value: item,
      path: [...path, key],
    });
  }
  return map;
}

function applicationAt(document: YamlDocument, value: unknown, path: YamlPath): Application {
  const map = mapAt(document, value, path) ?? new Map<string, Entry>();
  const text = (key: string): Written<string> | undefined => textOf(document, map.get(key));
  const list = (key: string): Written<readonly string[]> | undefined => listOf(document, map.get(key));
  const secret = text('clientsecret');
  return {
    line: document.placeAt(path).line,
    name: text('name'),
    clientId: text('clientid'),
    clientSecret: secret === undefined ? undefined : { value: true, line: secret.line },
    audience: text('audience'),
    scope: text('scope'),
    redirectUri: text('redirecturi'),
    tokenCookieDomain: text('tokencookiedomain'),
    restrictedMethods: list('restrictedmethods'),
    restrictsNothing: emptyOf(document, map.get('restrictedmethods')),
    requiredPermissions: list('requiredpermissions'),
    claims: list('claims'),
    returnTo: text('returnto'),
    unread: [...map].flatMap(([key, entry]) => (APPLICATION_KEYS.has(key) ? [] : nameOf(document, entry))),
  };
}

const APPLICATION_KEYS: ReadonlySet<string> = new Set(
  `name clientid clientsecret audience scope redirecturi tokencookiedomain restrictedmethods requiredpermissions claims
   returnto`.split(/\s+/),
);

function textOf(document: YamlDocument, entry: Entry | undefined): Written<string> | undefined {
  if (entry === undefined || entry.value === null || typeof entry.value === 'object') return undefined;
  const value = String(entry.value).trim();
  return value === '' ? undefined : { value, line: document.placeAt(entry.path).line };
}

function listOf(document: YamlDocument, entry: Entry | undefined): Written<readonly string[]> | undefined {
  if (entry === undefined) return undefined;
  const items: readonly unknown[] = Array.isArray(entry.value)
    ? entry.value
    : String(entry.value ?? '').split(',');
  const value = items.map((item) => String(item ?? '').trim()).filter((item) => item !== '');
  return value.length === 0
    ? undefined
    : { value: [...new Set(value)], line: document.placeAt(entry.path, 'key').line };
}

const emptyOf = (document: YamlDocument, entry: Entry | undefined): Written<true> | undefined =>
  Array.isArray(entry?.value) && entry.value.length === 0
    ? { value: true, line: document.placeAt(entry.path, 'key').line }
    : undefined;

const nameOf = (document: YamlDocument, entry: Entry | undefined): readonly Written<string>[] =>
  entry === undefined
    ? []
    : [{ value: String(entry.path.at(-1)), line: document.placeAt(entry.path, 'key').line }];
