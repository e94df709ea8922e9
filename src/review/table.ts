import type { Need } from '../rules/rule.ts';
import type { AppRules, PathRules } from '../rules/rule-set.ts';
import { methodsText, needsOf } from './methods.ts';
import { byPrecedence } from './precedence.ts';

/** One rule as a person reviews it. */
export interface TableRow {
  /** What it is for: `any` (the common methods), `others` (those that its path does not name), or methods. */
  readonly methods: readonly string[];
  /** As written; `otherwise` for the app's own. */
  readonly path: string;
  readonly need: Need;
  /** `file:line`; undefined where nothing is written and the default holds. */
  readonly place: string | undefined;
}

/**
 * @returns the rules of an app in the order of precedence: of two that match a request, the one that wins comes first; the
 * app's `otherwise` is the last.
 */
export function tableOf({ paths, otherwise }: AppRules): readonly TableRow[] {
  return [
    ...paths.toSorted((a, b) => byPrecedence(a.pattern, b.pattern)).flatMap(rowsOf),
    {
      methods: ['any'],
      path: 'otherwise',
      need: otherwise?.need ?? { kind: 'deny' },
      place: otherwise?.id,
    },
  ];
}

/** Those of `others` come last. */
const rowsOf = (path: PathRules): readonly TableRow[] =>
  needsOf(path)
    .map(({ rule, methods }) => ({
      methods: methodsText(path, methods).split(' '),
      path: rule.path,
      need: rule.need,
      place: rule.id,
    }))
    .toSorted((a, b) => Number(a.methods[0] === 'others') - Number(b.methods[0] === 'others'));
