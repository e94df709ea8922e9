import type { Remark, Topic } from '../review/remark.ts';
import { columns, paragraph, plural, wholeLine } from './layout.ts';

/** What each topic is called, in the order of a review. */
const HEADINGS: Readonly<Record<Topic, string>> = {
  'deny-beaten': 'a deny that another rule beats',
  'near-scope': 'scopes that look misspelled',
  'report-mode': 'apps in report mode',
  public: 'open to everybody',
  case: 'another spelling asks less; set `ignoreCase` if the upstream folds case',
  'methods-unnamed': 'methods that a path denies by naming others',
  'methods-unregistered': 'methods that no registry has: are they spelled as clients send them?',
  'scopes-unasked': 'scopes that a sign-in does not ask for (`login.ask: listed`)',
};

/** Topics whose heading says all that their messages say. */
const SELF_TOLD: ReadonlySet<Topic> = new Set<Topic>(['public', 'methods-unnamed', 'methods-unregistered']);

/** Rows that one topic shows; JSON has all of them. */
const SHOWN = 12;

/** Findings, as problems are printed: place and sentence, then the way out, and what can be copied. */
export const findingLines = (remarks: readonly Remark[]): readonly string[] =>
  remarks
    .filter(({ level }) => level === 'finding')
    .flatMap(({ app, place, message, wayOut, copy }) => [
      ...paragraph(`${place ?? `app ${app}`}: ${message}`, '', '  '),
      ...(wayOut === undefined ? [] : paragraph(wayOut, '  -> ', '     ')),
      ...(copy === undefined ? [] : wholeLine(copy, '     ')),
      '',
    ]);

/** What is listed for a person to look at, by topic. */
export function reviewLines(remarks: readonly Remark[]): readonly string[] {
  const listed = remarks.filter(({ level }) => level === 'review');
  return (Object.keys(HEADINGS) as Topic[]).flatMap((topic) => {
    const own = listed.filter((remark) => remark.topic === topic);
    if (own.length === 0) return [];
    const rows = own
      .slice(0, SHOWN)
      .map(({ app, subject, message, place }) => [
        app,
        subject,
        ...(SELF_TOLD.has(topic) ? [] : [message]),
        place ?? '',
      ]);
    const more = own.length - rows.length;
    return [
      `for review: ${HEADINGS[topic]}`,
      ...columns(rows, '  '),
      ...(more === 0
        ? []
        : [`  and ${plural(more, 'more').replace(/s$/, '')}: postern check --json has all`]),
      '',
    ];
  });
}
