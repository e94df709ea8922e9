import type { ClassChange, RulesDiff } from '../../review/diff.ts';
import type { AppChange } from '../../review/diff-apps.ts';
import type { Callers } from '../../review/diff-paths.ts';
import { CHANGE_KINDS, type ChangeKind, OPENING } from '../../review/diff-verdict.ts';
import { classText } from '../../review/path-class.ts';
import { COMMON_METHODS } from '../../rules/method.ts';
import { paragraph, plural } from '../layout.ts';

/** The words that named the two sets. */
export interface Sources {
  readonly before: string;
  readonly after: string;
}

const TITLES: Readonly<Record<ChangeKind, string>> = {
  public: 'become public',
  opens: 'open, and were closed to everybody',
  less: 'need less',
  other: 'need something else',
  more: 'need more',
  closes: 'close to everybody',
};

/** Whom a line is for, where that is not everybody. */
const CALLERS: Readonly<Record<Callers, readonly string[]>> = {
  everybody: [],
  sessions: ['for sessions, in report mode'],
  others: ['not for sessions, in report mode'],
};

// A line names so many, and then how many more there are; --json has them all.
const SHOWN = 3;
const SHOWN_CLASSES = 100;

/** What a person reads before a merge. */
export function diffText(diff: RulesDiff, { before, after }: Sources): string {
  const { classes, apps } = diff;
  const lines = [
    ...paragraph(`${before} -> ${after}`, '', '  '),
    '',
    ...CHANGE_KINDS.flatMap((kind) =>
      section(
        TITLES[kind],
        classes.filter(({ change }) => change.kind === kind),
      ),
    ),
    ...(apps.length === 0 ? [] : ['apps, beside their rules', ...apps.flatMap(appLines), '']),
    ...conclusion(diff),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, classes: readonly ClassChange[]): readonly string[] {
  if (classes.length === 0) return [];
  const more = classes.length - SHOWN_CLASSES;
  return [
    title,
    ...classes.slice(0, SHOWN_CLASSES).flatMap(classLines),
    ...(more > 0 ? [`  and ${more} more, which --json shows`] : []),
    '',
  ];
}

function classLines({ change, hosts, paths, except, request, ...one }: ClassChange): readonly string[] {
  const [first, ...also] = hosts.map(({ host }) => host);
  const not = hosts.flatMap((host) => host.except);
  const notes = [
    ...(also.length === 0 ? [] : [`also on ${some(also)}`]),
    ...(not.length === 0 ? [] : [`not on ${some(not)}`]),
    ...CALLERS[change.callers],
  ];
  const sentence = [
    `${methodsText(change.methods)}  ${first ?? ''}${classText(paths)}`,
    ...(except.length === 0 ? [] : [`except ${some(except.map(classText))}`]),
    ...(notes.length === 0 ? [] : [`(${notes.join('; ')})`]),
  ];
  return [
    ...paragraph(sentence.join(' '), '  ', '      '),
    ...paragraph(`was  ${change.beforeText}${placesText(one.beforePlaces)}`, '      ', '           '),
    ...paragraph(`now  ${change.afterText}${placesText(one.afterPlaces)}`, '      ', '           '),
    ...paragraph(`e.g. ${request.method} ${request.url}`, '      ', '           '),
  ];
}

function appLines({
  before,
  after,
  key,
  effect,
  beforeText,
  afterText,
  meaning,
}: AppChange): readonly string[] {
  const app = before === after ? after : `${before} -> ${after}`;
  return [
    ...paragraph(`${app}  ${key}: ${beforeText} -> ${afterText}`, '  ', '      '),
    ...paragraph(`${effect === 'neither' ? '' : `${effect}: `}${meaning}`, '      '),
  ];
}

function conclusion({ classes, apps, opens }: RulesDiff): readonly string[] {
  if (classes.length === 0 && apps.length === 0) return ['Both sets decide every request alike.'];
  const opening =
    classes.filter(({ change }) => OPENING.has(change.kind)).length +
    apps.filter(({ effect }) => effect === 'opens').length;
  const closing =
    classes.filter(({ change }) => !OPENING.has(change.kind)).length +
    apps.filter(({ effect }) => effect === 'closes').length;
  // Report mode lets sessions pass that lack scopes; it opens nothing else.
  const canTry = classes.some(
    ({ change }) =>
      change.callers !== 'sessions' && !OPENING.has(change.kind) && change.after.need?.kind === 'token',
  );
  const lines: string[] = [];
  if (opens)
    lines.push(
      `${plural(opening, 'change')} let${opening === 1 ? 's' : ''} callers pass who did not pass before. Is each of them meant? Then have them approved in the review; else change the rule that stands behind \`now\`.`,
    );
  else lines.push('Nobody passes who did not pass before.');
  if (closing > 0)
    lines.push(
      `${plural(closing, 'change')} turn${closing === 1 ? 's' : ''} callers away: tell them before you merge${canTry ? ', or try it with `mode: report`' : ''}.`,
    );
  const legend = classes.some(({ change }) => methodsText(change.methods) === 'any');
  if (legend) lines.push(`any: ${[...COMMON_METHODS].join(' ')}`);
  return lines.flatMap((line) => paragraph(line));
}

const methodsText = (methods: readonly string[]): string =>
  methods.length === COMMON_METHODS.size && methods.every((method) => COMMON_METHODS.has(method))
    ? 'any'
    : methods.join(' ');

const placesText = (places: readonly string[]): string =>
  places.length === 0 ? '' : `  (${places[0]}${places.length === 1 ? '' : ` and ${places.length - 1} more`})`;

function some(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN).join(', ');
  return texts.length <= SHOWN ? shown : `${shown} and ${texts.length - SHOWN} more`;
}

/** The same for programs, with nothing left out. */
export const diffJson = ({ classes, apps, opens }: RulesDiff, { before, after }: Sources): object => ({
  ok: !opens,
  before,
  after,
  classes: classes.map((one) => ({
    kind: one.change.kind,
    opens: OPENING.has(one.change.kind),
    callers: one.change.callers,
    hosts: one.hosts.map(({ host, except }) => ({ host, except })),
    methods: one.change.methods,
    path: classText(one.paths),
    except: one.except.map(classText),
    before: { app: one.apps.before ?? null, need: one.change.beforeText, places: one.beforePlaces },
    after: { app: one.apps.after ?? null, need: one.change.afterText, places: one.afterPlaces },
    sample: one.request,
  })),
  apps: apps.map(({ before: from, after: to, key, effect, beforeText, afterText, meaning }) => ({
    app: { before: from, after: to },
    key,
    effect,
    before: beforeText,
    after: afterText,
    meaning,
  })),
});
