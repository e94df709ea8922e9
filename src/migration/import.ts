import type { Problem } from '../document/problem.ts';
import { isExactHost, parseHostPattern } from '../rules/host-pattern.ts';
import { loadRuleSet } from '../rules/load.ts';
import { isScopeToken } from '../token/scope.ts';
import { type Application, type ApplicationFile, readApplicationFile } from './application-file.ts';
import { wholeFile } from './configuration.ts';
import type { Finding } from './finding.ts';
import { BUILT_IN_SCOPE, inherit } from './inheritance.ts';
import { readMethods } from './methods.ts';
import { rulesText } from './rules-text.ts';

/** A rules file to write. */
export interface ImportedFile {
  /** A file name. */
  readonly name: string;
  readonly host: string;
  readonly text: string;
}

export interface Imported {
  readonly files: readonly ImportedFile[];
  /** In the order of the old file. */
  readonly findings: readonly Finding[];
  /** A sketch of postern.yaml, without any secret. */
  readonly configuration: string;
}

/**
 * Makes rules files of `application.yaml` of dniel's ForwardAuth for Auth0. Every file loads; an app that cannot be said is left
 * out and reported. Copies no secret.
 */
export function importForwardAuth(
  file: string,
  text: string,
): Imported | { readonly problems: readonly Problem[] } {
  const read = readApplicationFile(file, text);
  if ('problems' in read) return read;
  const { written } = read;
  const findings: Finding[] = [];
  const apps = appsOf(written, findings);
  const clients = clientNames(apps);
  const files = apps.flatMap((app) => importApp(written, app, clients, findings) ?? []);
  const done = apps.filter(({ host }) => files.some((one) => one.host === host));
  const { configuration, findings: more } = wholeFile(written, done, clients);
  return {
    files,
    findings: [...findings, ...more].toSorted((a, b) => a.line - b.line),
    configuration,
  };
}

/** An application with its host; all that it inherits is filled in. */
export interface ImportedApp {
  readonly host: string;
  readonly own: Application;
  readonly isFallback: boolean;
}

/** Finds whose host can be told, and whose is taken already. */
function appsOf({ apps, fallback }: ApplicationFile, findings: Finding[]): readonly ImportedApp[] {
  const found = new Map<string, ImportedApp>();
  for (const app of [...apps, ...(fallback === undefined ? [] : [fallback])]) {
    const isFallback = app === fallback;
    const refuse = (message: string, wayOut: string): void => {
      const line = app.name?.line ?? app.line;
      const level = isFallback ? 'dropped' : 'refused';
      findings.push({
        level,
        app: app.name?.value,
        line,
        key: isFallback ? 'default' : 'name',
        message,
        wayOut,
      });
    };
    if (app.name === undefined) {
      if (!isFallback)
        refuse('the app has no name, so no request ever chose it', 'remove it, or add its host');
      continue;
    }
    const bare = app.name.value.replace(/:[0-9]*$/, '');
    const host = parseHostPattern(bare);
    if (typeof host !== 'string' || !isExactHost(host)) {
      refuse(
        `\`${app.name.value}\` is no host name, so no request ever chose it`,
        'write a rules file for its host',
      );
      continue;
    }
    if (isFallback && host === 'default') {
      refuse(
        '`default` is no host that a browser asks for: it only held what the apps did not say',
        'if hosts were left to it, name them in a rules file of their own',
      );
      continue;
    }
    if (found.has(host)) {
      if (!isFallback)
        refuse(`\`${host}\` is named before, and there the first one won`, 'remove one of the two');
      continue;
    }
    if (bare !== app.name.value)
      findings.push({
        level: 'changed',
        app: host,
        line: app.name.line,
        key: 'name',
        message: `\`${app.name.value}\` meant this port only; here a rule holds for every port of the host`,
        wayOut: undefined,
      });
    const { own, findings: inherited } = inherit(app, host, fallback);
    findings.push(...inherited);
    found.set(host, { host, own, isFallback });
  }
  return [...found.values()];
}

/** @returns names for providers, by client id; empty when one is enough. */
function clientNames(apps: readonly ImportedApp[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { host, own } of apps) {
    const id = own.clientId?.value ?? '';
    if (names.has(id)) continue;
    const name = host.replace(/[^A-Za-z0-9]+/g, '-').replace(/^(?![A-Za-z])/, 'app-');
    names.set(id, name);
  }
  return names.size > 1 ? names : new Map();
}

function importApp(
  written: ApplicationFile,
  { host, own, isFallback }: ImportedApp,
  clients: ReadonlyMap<string, string>,
  findings: Finding[],
): ImportedFile | undefined {
  const say = (
    level: Finding['level'],
    key: string,
    line: number,
    message: string,
    wayOut?: string,
  ): undefined => {
    findings.push({ level, app: host, line, key, message, wayOut });
  };
  const refused = isFallback ? 'dropped' : 'refused';
  const { audience, requiredPermissions: permissions } = own;
  if (audience === undefined || /\s|\$\{|[<>]/.test(audience.value))
    return say(
      refused,
      'audience',
      audience?.line ?? own.line,
      `not imported: ${audience === undefined ? 'it has no audience' : `\`${audience.value}\` is no audience`}, and only an access token for one can be validated`,
      'create an API at Auth0, write its identifier as `audience`, and import again',
    );
  const odd = permissions?.value.find((permission) => !isScopeToken(permission));
  if (odd !== undefined)
    return say(
      refused,
      'required-permissions',
      permissions?.line ?? own.line,
      `not imported: \`${odd}\` cannot be a scope (RFC 6749 section 3.3)`,
      'give the permission a name of printable ASCII without blanks and quotes',
    );
  const methods = readMethods(own, host);
  findings.push(...methods.findings);
  const name = host.replace(/[^a-z0-9._-]+/g, '-').replace(/^[^a-z0-9]+/, '');
  const text = rulesText({
    comment: [
      `Imported from ${written.file.split(/[/\\]/).at(-1)}, line ${own.line}, by postern rules import. What has no equivalent`,
      'stands in its report, not here.',
    ],
    app: name.slice(0, 64),
    host,
    audience: audience.value,
    provider: clients.get(own.clientId?.value ?? ''),
    scopes: loginScopes(own, (message, wayOut) =>
      say('changed', 'scope', own.scope?.line ?? own.line, message, wayOut),
    ),
    headers: claimHeaders(own, (message, wayOut) =>
      say('dropped', 'claims', own.claims?.line ?? own.line, message, wayOut),
    ),
    open: methods.open,
    guarded: methods.guarded,
    allOf: permissions?.value ?? [],
  });
  const file = { name: `${name}.yaml`, host, text };
  const loaded = loadRuleSet([{ file: file.name, text }]);
  if (!('problems' in loaded)) return file;
  const [problem] = loaded.problems;
  return say(refused, 'name', own.line, `not imported: ${problem?.message}`, problem?.wayOut);
}

function loginScopes(
  { scope }: Application,
  say: (message: string, wayOut?: string) => void,
): readonly string[] {
  const asked = new Set((scope?.value ?? BUILT_IN_SCOPE).split(/[\s,]+/).filter((one) => one !== ''));
  if (asked.delete('offline_access'))
    say('`offline_access` is not asked for: no refresh token is kept unless `session.refresh` says so');
  for (const one of asked) {
    if (isScopeToken(one)) continue;
    asked.delete(one);
    say(`\`${one}\` is no scope token, and is not asked for`);
  }
  if (!asked.has('openid')) say('`openid` is added: without it a login is no OpenID Connect login');
  asked.delete('openid');
  return ['openid', ...asked];
}

/** The header that ForwardAuth made of a claim. */
const headerOf = (claim: string): string => `x-forwardauth-${claim.replace(/[_.]/g, '-')}`.toLowerCase();

function claimHeaders(
  { claims }: Application,
  say: (message: string, wayOut?: string) => void,
): ReadonlyMap<string, string> {
  const headers = new Map([[headerOf('sub'), 'sub']]); // there, it was always sent
  for (const claim of claims?.value ?? []) {
    const name = headerOf(claim);
    const taken = headers.get(name);
    if (!/^[a-z0-9-]+$/.test(name))
      say(
        `the claim \`${claim}\` makes no header name`,
        `choose one: \`headers: { x-forwardauth-${claim.replace(/^.*[^A-Za-z0-9]/, '').toLowerCase() || 'name'}: ${JSON.stringify(claim)} }\``,
      );
    else if (taken !== undefined && taken !== claim)
      say(
        `the claims \`${taken}\` and \`${claim}\` make the same header \`${name}\``,
        'choose a header for it',
      );
    else headers.set(name, claim);
  }
  return headers;
}
