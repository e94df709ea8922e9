import { holdsTenant } from '../document/tenant-text.ts';
import { blankWithin, holdsForeignBlank } from './foreign-blank.ts';
import { hostKey, parseHostPattern } from './host-pattern.ts';
import { isMethodKey, refuseMethodAsPath, withoutStrayPaths } from './misplaced.ts';
import { foldPattern, isWithin, parsePathPattern, patternKey } from './path-pattern.ts';
import { readPathRules } from './path-rules.ts';
import { type Rule, type TokenNeed, tokenNeed } from './rule.ts';
import type { App, AppRules, PathRules } from './rule-set.ts';
import { everyRule } from './rule-set.ts';
import { readTests } from './rule-tests.ts';
import { isYamlMap, type RulesFile, type YamlMap } from './rules-file.ts';
import { readSettings, SETTING_KEYS, type Settings } from './settings.ts';

/** An app's file as read: valid as far as one file can tell. */
export interface AppFile extends AppRules {
  readonly file: RulesFile;
  /** Canonical host -> its position in `hosts`. */
  readonly hostPlaces: ReadonlyMap<string, number>;
}

/** What belongs to one app, so that the defaults cannot say it. */
const OWN_KEYS = ['app', 'title', 'hosts', 'rules', 'mode', 'tests'];
/** Names that are near to that of the defaults, and are not it. */
const MISSPELT_DEFAULTS = /(?:^|[/\\])_?defaults?\.ya?ml$/i;
const APP_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Reads an app's file.
 * @param gatewayPaths paths (as segments) that belong to the gateway: no rule may name them
 * @returns undefined when nothing of it can be used; the problems are in `file` either way
 */
export function readAppFile(
  file: RulesFile,
  value: unknown,
  defaults: Settings | undefined,
  gatewayPaths: readonly (readonly string[])[],
): AppFile | undefined {
  if (value === undefined) return undefined; // unreadable, and the file knows why
  if (!isYamlMap(value))
    return file.refuse([], 'This file is no rules file.', 'write the keys `app`, `hosts` and `rules`');
  if (MISSPELT_DEFAULTS.test(file.name) && !Object.hasOwn(value, 'app'))
    return file.refuse(
      [],
      'This file is read as one of an app, and has no `app`.',
      'if it holds the defaults of all apps, rename it to `_defaults.yaml`',
    );
  const kept = withoutStrayPaths(file, value);
  const map = file.map([], kept, [...OWN_KEYS, ...SETTING_KEYS]) ?? kept;
  const name = readName(file, map);
  const own = readSettings(file, map);
  const hosts = readHosts(file, map);
  const settings = inherit(own, defaults);
  const mode = Object.hasOwn(map, 'mode')
    ? file.word(['mode'], map['mode'], ['enforce', 'report'])
    : undefined;
  const audiences = settings.audience ?? [];
  const paths = readRules(file, map, settings, gatewayPaths);
  const tests = Object.hasOwn(map, 'tests') ? readTests(file, map['tests'], [...hosts.keys()]) : [];
  const otherwise = otherwiseRule(settings);
  if (paths.length === 0 && otherwise === undefined && !Object.hasOwn(map, 'rules') && kept === value)
    file.refuse(
      ['app'],
      'The app lets nobody in: it has no rules.',
      'write `rules`, or `otherwise: authenticated`',
      'key',
    );
  const needs = tokenNeeds(paths, otherwise);
  const homeless = needs.find(({ need }) => need.audiences.length === 0);
  if (homeless !== undefined && settings.audience === undefined)
    file.refuse(
      ['app'],
      `The app has no \`audience\`, but ${homeless.rule.id} needs an access token.`,
      'write `audience: https://api.example.com`, the audience of the access tokens',
      'key',
    );
  const title = Object.hasOwn(map, 'title') ? file.text(['title'], map['title'], 'The title') : undefined;
  const app: App = {
    name,
    title: title ?? name,
    tenant: '',
    usesTenant: [...hosts.keys(), ...audiences, ...(settings.issuers ?? [])]
      .concat(needs.flatMap(({ need }) => need.audiences))
      .some(holdsTenant),
    hosts: [...hosts.keys()],
    provider: settings.provider?.name,
    issuers: settings.issuers ?? [],
    audiences,
    login: settings.login ?? { scopes: ['openid'], ask: 'rules' },
    credentials: settings.credentials ?? ['session', 'bearer'],
    origins: settings.origins ?? [],
    headers: settings.headers ?? {},
    passAccessToken: settings.passAccessToken ?? true,
    assertion: settings.assertion === false ? undefined : settings.assertion,
    exchange: settings.exchange?.names ?? [],
    mode: mode ?? 'enforce',
    ignoreCase: settings.ignoreCase ?? false,
    tolerate: settings.tolerate ?? [],
    scopesByAudience: scopesByAudience(needs.map(({ need }) => need)),
  };
  const providerPlace = settings.provider?.place ?? file.placeOf(['app']);
  const exchangePlace = settings.exchange?.place ?? file.placeOf(['app']);
  const said = (['hosts', 'audience', 'issuers'] as const).find((key) =>
    [{ hosts: app.hosts, audience: own.audience ?? [], issuers: own.issuers ?? [] }[key]]
      .flat()
      .some(holdsTenant),
  );
  const tenantPlace = file.placeOf([said ?? 'app']);
  return { file, app, hostPlaces: hosts, paths, otherwise, tests, providerPlace, tenantPlace, exchangePlace };
}

/** Reads `_defaults.yaml`. */
export function readDefaults(file: RulesFile, value: unknown): Settings | undefined {
  if (value === undefined || value === null) return undefined;
  if (isYamlMap(value))
    for (const key of OWN_KEYS.filter((own) => Object.hasOwn(value, own)))
      file.refuse(
        [key],
        `\`${key}\` belongs to one app, and the defaults hold for all.`,
        'write it in the file of the app',
        'key',
      );
  const map = file.map([], value, SETTING_KEYS);
  return map === undefined ? undefined : readSettings(file, map);
}

function inherit(own: Settings, defaults: Settings | undefined): Settings {
  const settings: Record<string, unknown> = { ...defaults };
  for (const key of SETTING_KEYS) settings[key] = own[key] ?? defaults?.[key];
  return settings as unknown as Settings;
}

/** @returns the name, empty when there is none that can be used. */
function readName(file: RulesFile, map: YamlMap): string {
  if (!Object.hasOwn(map, 'app')) return file.refuse([], 'The app has no name.', 'write `app: name`') ?? '';
  const name = file.text(['app'], map['app'], 'The name of an app') ?? '';
  if (name !== '' && !APP_NAME.test(name))
    file.refuse(
      ['app'],
      'The name of an app holds letters, digits, `.`, `_` and `-`, at most 64.',
      'shorten or respell it, and write what people see as `title`',
    );
  return name;
}

/** @returns canonical host -> its position in the list. */
function readHosts(file: RulesFile, map: YamlMap): Map<string, number> {
  const hosts = new Map<string, number>();
  if (!Object.hasOwn(map, 'hosts')) {
    file.refuse(['app'], 'The app has no hosts.', 'write `hosts: [shop.example.com]`', 'key');
    return hosts;
  }
  const spellings = new Map<string, string>();
  for (const { text, path } of file.texts(['hosts'], map['hosts'], 'A host', '[shop.example.com]')) {
    const host = parseHostPattern(text);
    if (typeof host !== 'string') {
      file.refuse(path, host.message, host.wayOut);
      continue;
    }
    const same = spellings.get(hostKey(host));
    if (same === undefined) {
      spellings.set(hostKey(host), host);
      hosts.set(host, Number(path.at(-1)));
    } else if (same === host)
      file.refuse(path, `\`${host}\` is named before in this list.`, 'remove one of the two');
    else file.refuse(path, `\`${host}\` matches the same hosts as \`${same}\`.`, 'keep one of the two');
  }
  return hosts;
}

function readRules(
  file: RulesFile,
  map: YamlMap,
  { audience = [], ignoreCase = false }: Settings,
  gatewayPaths: readonly (readonly string[])[],
): PathRules[] {
  const rules = map['rules'];
  if (!Object.hasOwn(map, 'rules')) return [];
  if (typeof rules === 'string' && holdsForeignBlank(rules)) {
    file.refuse(['rules'], ...blankWithin(rules));
    return [];
  }
  if (!isYamlMap(rules) || Object.keys(rules).length === 0) {
    file.refuse(
      ['rules'],
      isYamlMap(rules) || rules === null ? 'The rules are empty.' : 'Rules are a map from paths to needs.',
      'write a map from paths to needs, such as `/**: authenticated`',
    );
    return [];
  }
  const seen = new Map<string, string>();
  return Object.entries(rules).flatMap(([text, value], at, all) => {
    const path = ['rules', text];
    if (refuseMethodAsPath(file, path, text, value)) return [];
    // A path whose methods stand beside it has nothing below, and its methods are what is told.
    if (value === null && isMethodKey(all[at + 1]?.[0] ?? '')) return [];
    const pattern = parsePathPattern(text);
    if ('message' in pattern) return file.refuse(path, pattern.message, pattern.wayOut, 'key') ?? [];
    const folded = ignoreCase ? foldPattern(pattern) : pattern;
    const first = seen.get(patternKey(folded));
    if (first !== undefined) {
      const line = file.lineOf(['rules', first], 'key');
      file.refuse(
        path,
        `This is the same path as \`${first}\` on line ${line}.`,
        'keep one of the two',
        'key',
      );
    }
    seen.set(patternKey(folded), text);
    // Own paths are recognised as they are spelled, whatever the upstream folds.
    const taken = gatewayPaths.find((base) => isWithin(pattern, base));
    if (taken !== undefined)
      file.refuse(
        path,
        `\`/${taken.join('/')}\` belongs to the gateway, so this rule could never match.`,
        'remove it',
        'key',
      );
    return [readPathRules(file, path, pattern, value, audience)];
  });
}

function otherwiseRule({ otherwise, audience }: Settings): Rule | undefined {
  if (otherwise?.word !== 'authenticated') return undefined;
  return { id: otherwise.id, path: 'otherwise', method: undefined, need: tokenNeed(audience ?? []) };
}

function tokenNeeds(
  paths: readonly PathRules[],
  otherwise: Rule | undefined,
): { rule: Rule; need: TokenNeed }[] {
  return [...paths.flatMap(everyRule), otherwise ?? []].flat().flatMap((rule) => {
    return rule.need.kind === 'token' ? [{ rule, need: rule.need }] : [];
  });
}

/** A token is asked for with the first audience of a need, so its scopes are counted there. */
function scopesByAudience(needs: readonly TokenNeed[]): ReadonlyMap<string, readonly string[]> {
  const scopes = new Map<string, Set<string>>();
  for (const need of needs) {
    const [audience = ''] = need.audiences;
    const known = scopes.get(audience) ?? new Set();
    for (const scope of [...need.allOf, ...need.anyOf]) known.add(scope);
    scopes.set(audience, known);
  }
  return new Map([...scopes].map(([audience, set]) => [audience, [...set].toSorted()]));
}
