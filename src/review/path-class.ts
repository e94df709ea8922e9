import { ANY_SEGMENT, foldSegment, type PathPattern } from '../rules/path-pattern.ts';

/** A segment of a class: one text, one text in any case, or any segment that is not empty. */
export type Step = string | { readonly anyCase: string } | typeof ANY_SEGMENT;

/** A set of request paths: those that match the steps and, when `below`, everything below them. */
export interface PathClass {
  readonly steps: readonly Step[];
  readonly below: boolean;
}

export const EVERY_PATH: PathClass = { steps: [], below: true };

/** @returns the paths that a pattern of an app matches. */
export const classOf = ({ segments, below }: PathPattern, ignoreCase: boolean): PathClass => ({
  steps: segments.map((segment) =>
    segment === ANY_SEGMENT || !ignoreCase ? segment : { anyCase: foldSegment(segment) },
  ),
  below,
});

export const stepFits = (step: Step, segment: string): boolean =>
  step === ANY_SEGMENT ||
  (typeof step === 'string' ? step === segment : step.anyCase === foldSegment(segment));

/** @returns whether a path (segments, none of them empty) is one of the class. */
export const contains = ({ steps, below }: PathClass, path: readonly string[]): boolean =>
  (below ? path.length >= steps.length : path.length === steps.length) &&
  steps.every((step, at) => stepFits(step, path[at] ?? ''));

/** @returns the paths of both; undefined when there are none. */
export function intersection(a: PathClass, b: PathClass): PathClass | undefined {
  const [short, long] = a.steps.length <= b.steps.length ? [a, b] : [b, a];
  if (short.steps.length < long.steps.length && !short.below) return undefined;
  const steps: Step[] = [];
  for (const [at, step] of long.steps.entries()) {
    const other = short.steps[at];
    const common = other === undefined ? step : commonStep(step, other);
    if (common === undefined) return undefined;
    steps.push(common);
  }
  return { steps, below: short.below && long.below };
}

/** @returns whether every path of the first class is one of the second. */
export const isInside = (inner: PathClass, outer: PathClass): boolean =>
  inner.steps.length >= outer.steps.length &&
  (outer.below || (inner.steps.length === outer.steps.length && !inner.below)) &&
  outer.steps.every((step, at) => {
    const own = inner.steps[at];
    return own !== undefined && sameStep(commonStep(own, step), own);
  });

/** The class as a rules file would write it; `in any case` where case makes no difference. */
export function classText({ steps, below }: PathClass): string {
  const words = steps.map((step) =>
    step === ANY_SEGMENT ? '*' : typeof step === 'string' ? step : step.anyCase,
  );
  const text = `/${[...words, ...(below ? ['**'] : [])].join('/')}`;
  return steps.some((step) => typeof step === 'object') ? `${text} in any case` : text;
}

function commonStep(a: Step, b: Step): Step | undefined {
  if (a === ANY_SEGMENT) return b;
  if (b === ANY_SEGMENT) return a;
  if (typeof a === 'string') return stepFits(b, a) ? a : undefined;
  if (typeof b === 'string') return stepFits(a, b) ? b : undefined;
  return a.anyCase === b.anyCase ? a : undefined;
}

const sameStep = (a: Step | undefined, b: Step): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && a.anyCase === b.anyCase);
