import type { Rule } from '../rules/rule.ts';
import type { AppRules, PathRules } from '../rules/rule-set.ts';
import { methodsOf, ruleFor } from './methods.ts';
import { commonPath, createOverlaps } from './overlaps.ts';
import { asMatched, byPrecedence, covers } from './precedence.ts';
import type { Remark } from './remark.ts';

/** Some paths below a deny that another rule opens, by a method. */
interface Opening {
  readonly deny: Rule;
  readonly permit: Rule;
  /** A request that shows it. */
  readonly example: { readonly method: string; readonly path: readonly string[] };
}

/** Rules, and paths that are known to reach them and not to be denied. */
export type Opened = ReadonlyMap<Rule, readonly (readonly string[])[]>;

/** Openings that one remark names. */
const SHOWN = 3;

/**
 * Finds denies that a more literal permit beats somewhere. That may well be meant, as for `/admin/health` below a denied
 * `/admin/**`: a test that asks for such a path, and does not expect it to be denied, says so. A denied `/**` is left out: it is
 * the default, written out.
 * @param opened rules that the app's tests find open, each with the paths that they ask for
 */
export function deniesBeaten(rules: AppRules, opened: Opened): readonly Remark[] {
  const paths = asMatched(rules);
  const overlapping = createOverlaps(paths);
  return paths.flatMap((path) => {
    const openings = openingsOf(path, overlapping).filter(
      ({ permit }) => !opened.get(permit)?.some((asked) => covers(path.pattern, asked)),
    );
    return [...Map.groupBy(openings, ({ deny }) => deny.id).values()].map((group) => remarkOf(rules, group));
  });
}

/** One for each rule that wins over a deny of the path where both match. */
function openingsOf(path: PathRules, overlapping: ReturnType<typeof createOverlaps>): readonly Opening[] {
  const denies = methodsOf(path).some((method) => ruleFor(path, method)?.need.kind === 'deny');
  if (!denies || path.pattern.segments.length === 0) return [];
  return overlapping(path.pattern)
    .filter(({ pattern }) => byPrecedence(pattern, path.pattern) < 0)
    .flatMap((other) => {
      const seen = new Set<Rule>();
      return methodsOf(path, other).flatMap((method): readonly Opening[] => {
        const [deny, permit] = [ruleFor(path, method), ruleFor(other, method)];
        if (deny?.need.kind !== 'deny' || permit === undefined || permit.need.kind === 'deny') return [];
        if (seen.has(permit)) return [];
        seen.add(permit);
        return [{ deny, permit, example: { method, path: commonPath(path.pattern, other.pattern) } }];
      });
    })
    .toSorted((a, b) => (a.permit.path < b.permit.path ? -1 : 1));
}

function remarkOf({ app }: AppRules, openings: readonly Opening[]): Remark {
  const [{ deny, permit, example }] = openings as readonly [Opening];
  const shown = openings.slice(0, SHOWN).map((opening) => `\`${opening.permit.path}\``);
  const more = openings.length > SHOWN ? ` and ${openings.length - SHOWN} more` : '';
  const verb = openings.length === 1 ? 'is more literal and wins' : 'are more literal and win';
  const target = `/${example.path.map(encodeURIComponent).join('/')}`;
  const expect = permit.need.kind === 'public' ? 'public' : 'login';
  return {
    topic: 'deny-beaten',
    level: 'finding',
    app: app.name,
    place: deny.id,
    subject: deny.path,
    message: `\`${deny.path}\` is denied, but ${shown.join(', ')}${more} ${verb}: ${example.method} ${target} meets ${permit.path}.`,
    wayOut: 'deny it there too; or, if that is meant, say so with a test:',
    copy: `- { request: ${example.method} ${target}, expect: ${expect} }`,
  };
}
