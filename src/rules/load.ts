import { createHash } from 'node:crypto'; // a pure function: names the content
import type { Problem } from '../document/problem.ts';
import { readYaml } from '../document/yaml-document.ts';
import { type AppFile, readAppFile, readDefaults } from './app-file.ts';
import { compile } from './compile.ts';
import { hostKey } from './host-pattern.ts';
import { ANY_SEGMENT } from './path-pattern.ts';
import type { RuleSet } from './rule-set.ts';
import { RulesFile } from './rules-file.ts';

/** A rules file as text. */
export interface RulesText {
  /** How problems and rules name it. A last part `_defaults.yaml` makes it the defaults of all apps. */
  readonly file: string;
  readonly text: string;
}

export interface LoadOptions {
  /** Where the gateway's own pages are: no rule may name a path there. */
  readonly basePath?: string;
}

// Bounds the cost of a lookup, see `compile`. Rules that people write have a handful.
const MAX_ARRANGEMENTS = 1024;

/**
 * Reads all files as one rule set; their order never matters. Pure.
 * @returns all problems of all files, in no order, if there is any
 */
export function loadRuleSet(
  files: readonly RulesText[],
  options: LoadOptions = {},
): { readonly ruleSet: RuleSet } | { readonly problems: readonly Problem[] } {
  const gatewayPaths = [
    (options.basePath ?? '/_auth').split('/').filter((segment) => segment !== ''),
    ['.well-known', 'oauth-protected-resource'],
  ];
  const read = files
    .toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))
    .map(({ file, text }) => {
      const document = readYaml(file, text);
      return { file: new RulesFile(document), value: document.value };
    });
  const [shared, ...more] = read.filter(({ file }) => isDefaults(file.name));
  for (const { file } of more)
    file.refuse([], `\`${shared?.file.name}\` holds the defaults already.`, 'keep one of the two files');
  const defaults = shared === undefined ? undefined : readDefaults(shared.file, shared.value);
  const apps = read
    .filter(({ file }) => !isDefaults(file.name))
    .flatMap(({ file, value }) => readAppFile(file, value, defaults, gatewayPaths) ?? []);
  refuseSharedNames(apps);
  refuseSharedHosts(apps);
  refuseForeignTests(apps);
  apps.forEach(refuseManyArrangements);
  const problems = read.flatMap(({ file }) => file.problems);
  if (read.every(({ file }) => isDefaults(file.name)))
    problems.push({
      file: shared?.file.name ?? 'rules',
      line: 0,
      column: 0,
      message: 'There is no app: no rules file was found.',
      wayOut: 'add a file such as shop.yaml with `app`, `hosts` and `rules`',
    });
  return problems.length > 0 ? { problems } : { ruleSet: compile(versionOf(files), apps) };
}

/** Loads what was read of a folder. @returns all problems of reading and loading at once, when there is any */
export function assembleRuleSet(
  { files, problems }: { readonly files: readonly RulesText[]; readonly problems: readonly Problem[] },
  options: LoadOptions = {},
): { readonly ruleSet: RuleSet } | { readonly problems: readonly Problem[] } {
  // Where no file can be read, that is what is wrong, and not that there is no app.
  if (files.length === 0 && problems.length > 0) return { problems };
  const loaded = loadRuleSet(files, options);
  const found = [...problems, ...('problems' in loaded ? loaded.problems : [])];
  return 'problems' in loaded || found.length > 0 ? { problems: found } : loaded;
}

const isDefaults = (file: string): boolean => /(?:^|[/\\])_defaults\.ya?ml$/.test(file);

function refuseSharedNames(apps: readonly AppFile[]): void {
  const first = new Map<string, AppFile>();
  for (const each of apps) {
    const other = first.get(each.app.name);
    if (each.app.name === '') continue; // and the file knows why
    if (other === undefined) first.set(each.app.name, each);
    else
      each.file.refuse(
        ['app'],
        `\`${each.app.name}\` is the name of the app in ${other.file.idOf(['app'])} as well.`,
        'give one of the two another name',
      );
  }
}

/** A host belongs to one app, whatever the rules below say. */
function refuseSharedHosts(apps: readonly AppFile[]): void {
  const first = new Map<string, AppFile>();
  for (const each of apps)
    for (const host of each.app.hosts) {
      const other = first.get(hostKey(host));
      if (other === undefined) first.set(hostKey(host), each);
      else {
        const theirs = other.app.hosts.find((one) => hostKey(one) === hostKey(host)) ?? host;
        const where = other.file.idOf(['hosts', other.hostPlaces.get(theirs) ?? 0]);
        const as = theirs === host ? '' : `, as \`${theirs}\``;
        each.file.refuse(
          ['hosts', each.hostPlaces.get(host) ?? 0],
          `\`${host}\` belongs to the app \`${other.app.name}\` in ${where} as well${as}.`,
          'leave it to one of the two apps',
        );
      }
    }
}

/** A host that a pattern of the app matches may be the exact host of another app, which then answers. */
function refuseForeignTests(apps: readonly AppFile[]): void {
  const owners = new Map(apps.flatMap((each) => each.app.hosts.map((host) => [host, each] as const)));
  for (const each of apps)
    for (const { id, host } of each.tests) {
      const owner = owners.get(host);
      if (owner !== undefined && owner !== each)
        each.file.refuse(
          ['tests'],
          `The test ${id} asks for \`${host}\`, which belongs to the app \`${owner.app.name}\`.`,
          'move the test there, or name another `host`',
          'key',
        );
    }
}

function refuseManyArrangements({ file, paths }: AppFile): void {
  const arrangements = new Set<string>();
  for (const { pattern } of paths) {
    let arrangement = '';
    for (const segment of pattern.segments) {
      arrangement += segment === ANY_SEGMENT ? '*' : '/';
      arrangements.add(arrangement);
    }
  }
  if (arrangements.size > MAX_ARRANGEMENTS)
    file.refuse(
      ['rules'],
      `The rules place \`*\` in more than ${MAX_ARRANGEMENTS} different ways, which would make every lookup slow.`,
      'use fewer `*`, or split the app',
      'key',
    );
}

/** @returns the version that a rule set of these files has: a name of their content, wherever the folder is. */
export function versionOf(files: readonly RulesText[]): string {
  const hash = createHash('sha256');
  const names = files.map(({ file, text }) => JSON.stringify([file.split(/[/\\]/).at(-1), text])).toSorted();
  for (const name of names) hash.update(name);
  return hash.digest('hex').slice(0, 12);
}
