import { nearestWord } from '../document/nearest-word.ts';
import { COMMON_METHODS } from '../rules/method.ts';
import type { Application } from './application-file.ts';
import type { Finding } from './finding.ts';

/** Which methods everybody may use, and which need a token. */
export interface Methods {
  readonly open: readonly string[];
  readonly guarded: readonly string[];
  readonly findings: readonly Finding[];
}

/** What reads; HEAD goes with GET. */
const READING = ['GET', 'OPTIONS'];

/**
 * Reads `restricted-methods`. There, every method outside the list was open to everybody, TRACE and PROPFIND too. Here, GET and
 * OPTIONS become `public` by name where a list leaves them out; HEAD follows GET; a misspelt method is taken for the one that is
 * meant; what writes stays guarded, because leaving it out is more likely a slip; all else is denied.
 */
export function readMethods(
  { restrictedMethods: list, restrictsNothing }: Application,
  app: string,
): Methods {
  if (list === undefined) {
    const findings = restrictsNothing === undefined ? [] : [everythingWasOpen(app, restrictsNothing.line)];
    return { open: [], guarded: ['otherwise'], findings };
  }
  const findings: Finding[] = [];
  const say = (message: string, wayOut: string | undefined): void => {
    findings.push({ level: 'changed', app, line: list.line, key: 'restricted-methods', message, wayOut });
  };
  const listed = new Set(
    list.value.map((text) => {
      const method = text.toUpperCase();
      const meant = COMMON_METHODS.has(method) ? undefined : nearestWord(method, COMMON_METHODS);
      if (meant === undefined) return method;
      say(
        `\`${text}\` is no method, so ${meant} was open there; it is guarded here`,
        meant === 'OPTIONS'
          ? 'if pages of other origins call this app, name them as `origins`: their preflights pass'
          : `if ${meant} is to be open, write \`${meant}: public\``,
      );
      return meant;
    }),
  );
  const left = [...COMMON_METHODS].filter((method) => !listed.has(method));
  const open = READING.filter((method) => left.includes(method));
  const writing = left.filter((method) => method !== 'HEAD' && !READING.includes(method));
  if (left.includes('HEAD') && !open.includes('GET'))
    say('HEAD was open there; here it needs what GET needs', 'if HEAD is to be open, write `HEAD: public`');
  if (writing.length > 0)
    say(
      `the list leaves out ${writing.join(' ')}: open to everybody there, guarded here, because they change things`,
      `if that was meant, write \`${writing.join(' ')}: public\``,
    );
  if (open.length > 0)
    say(
      `the list leaves out ${open.join(' ')}: open to everybody, in every path; the rules file says so as \`public\``,
      'is that meant? Else remove the line; a public rule also gives the upstream no access token of the session',
    );
  const rare = [...listed].filter((method) => !COMMON_METHODS.has(method));
  // GET covers HEAD in a rules file, so HEAD is named only where they differ.
  const common = [...COMMON_METHODS].filter(
    (method) => !open.includes(method) && (method !== 'HEAD' || (open.includes('GET') && listed.has('HEAD'))),
  );
  const guarded =
    open.length === 0
      ? [...(rare.length === 0 ? [] : [rare.join(' ')]), 'otherwise']
      : [[...common, ...rare].join(' ')];
  return { open, guarded, findings };
}

const everythingWasOpen = (app: string, line: number): Finding => ({
  level: 'changed',
  app,
  line,
  key: 'restricted-methods',
  message: 'the list is empty: every method was open to everybody there; here all of them are guarded',
  wayOut: 'if the app is to be open, write `/**: public`',
});
