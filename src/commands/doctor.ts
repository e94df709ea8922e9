import { examine } from '../doctor/examine.ts';
import type { Finding, Note, Open } from '../doctor/finding.ts';
import { isKnownHost } from '../doctor/hosts.ts';
import { look } from '../doctor/look.ts';
import { formatProblems } from '../document/format.ts';
import { parseHost } from '../forwarded/host.ts';
import { type ExitCode, type Invocation, misuse, printJson } from './command.ts';
import { paragraph, plural } from './layout.ts';
import { loadAll } from './load-all.ts';

/** What the options of `postern doctor` say. */
export interface DoctorValues {
  readonly proxy?: string | undefined;
  readonly 'traefik-api'?: string | undefined;
  readonly host?: readonly string[] | undefined;
  readonly probe?: boolean | undefined;
}

export interface DoctorInvocation extends Invocation {
  readonly values: DoctorValues;
}

/** The options that only this command has. */
export const DOCTOR_OPTIONS: readonly string[] = ['proxy', 'traefik-api', 'host', 'probe'];

/**
 * Loads everything and asks provider, proxy and store whether it fits. Exit code 0 without problems, warnings or not; 1 with
 * some; 2 for a wrong call, or a configuration that does not load.
 */
export async function doctor(invocation: DoctorInvocation): Promise<ExitCode> {
  const { values, json } = invocation;
  const proxy = placeOf(values.proxy);
  const traefikApi = placeOf(values['traefik-api']);
  const wrong = [
    [values.proxy, proxy, '--proxy'],
    [values['traefik-api'], traefikApi, '--traefik-api'],
  ].find(([written, read]) => written !== undefined && read === undefined);
  if (wrong !== undefined)
    return misuse(invocation, `${wrong[2]} ${wrong[0]} is no URL`, 'write for example http://127.0.0.1:8080');
  const loaded = await loadAll(invocation);
  if ('problems' in loaded) {
    if (json) printJson(invocation, { ok: false, problems: loaded.problems });
    else invocation.err(`${formatProblems(loaded.problems)}\n`);
    return 2;
  }
  const hosts: string[] = [];
  for (const written of values.host ?? []) {
    const name = parseHost(written)?.name;
    if (name === undefined || !isKnownHost(loaded.config, loaded.ruleSet, name))
      return misuse(invocation, `--host ${written} is no host of the rules`, 'see postern check for them');
    hosts.push(name);
  }
  const notes = await examine(
    loaded,
    { proxy, traefikApi, probe: values.probe === true, hosts },
    { look, fetch: globalThis.fetch, now: Date.now },
  );
  const findings = notes.filter((note): note is Finding => note.level !== 'open');
  const open = notes.filter((note): note is Open => note.level === 'open');
  const problems = count(findings, 'problem');
  if (json)
    printJson(invocation, {
      ok: problems === 0,
      problems,
      warnings: count(findings, 'warning'),
      findings,
      open: open.map(({ level: _, ...rest }) => rest),
    });
  else invocation.out(text(notes).replaceAll(`${invocation.cwd}/`, ''));
  return problems === 0 ? 0 : 1;
}

/** @returns undefined for what names no place to connect to */
function placeOf(written: string | undefined): URL | undefined {
  const url = written === undefined ? null : URL.parse(written);
  return url !== null && /^https?:$/.test(url.protocol) ? url : undefined;
}

const count = (findings: readonly Finding[], level: Finding['level']): number =>
  findings.filter((finding) => finding.level === level).length;

/** As wide as the longest of them. */
const MARKS = { problem: 'PROBLEM', warning: 'warning', ok: 'ok     ', open: 'open   ' } as const;

function text(notes: readonly Note[]): string {
  const lines: string[] = [];
  let heading = '';
  for (const note of notes) {
    const next = `${note.topic} ${note.subject}`;
    if (next !== heading) lines.push(...(heading === '' ? [] : ['']), ...paragraph(next));
    heading = next;
    lines.push(...linesOf(note));
  }
  return [...lines, '', ...verdict(notes), ''].join('\n');
}

const INDENT = ' '.repeat(11);

function linesOf(note: Note): readonly string[] {
  const mark = `  ${MARKS[note.level]}  `;
  if (note.level === 'open')
    return [...paragraph(note.what, mark, INDENT), ...paragraph(note.how, `${INDENT}-> `, `${INDENT}   `)];
  return [
    ...paragraph(note.seen, mark, INDENT),
    ...(note.why === '' ? [] : paragraph(note.why, INDENT)),
    ...(note.change === '' ? [] : paragraph(note.change, `${INDENT}-> `, `${INDENT}   `)),
  ];
}

/** What it comes to, and what to do next. */
function verdict(notes: readonly Note[]): readonly string[] {
  const findings = notes.filter((note) => note.level !== 'open');
  const problems = count(findings, 'problem');
  const warnings = count(findings, 'warning');
  const open = notes.length - findings.length;
  const found = [
    ...(problems > 0 ? [plural(problems, 'problem')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
  ];
  const left = open === 0 ? '' : ` ${plural(open, 'question')} left open.`;
  const next =
    problems > 0
      ? 'Next: change the first problem, then run postern doctor again.'
      : open > 0
        ? 'Next: what is marked open, or sign in once with a browser.'
        : 'Next: sign in once with a browser.';
  return [
    ...paragraph(`${found.length === 0 ? 'Nothing is wrong' : found.join(', ')}.${left}`),
    ...paragraph(next),
  ];
}
