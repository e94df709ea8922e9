import type { Problem } from '../document/problem.ts';
import type { YamlDocument } from '../document/yaml-document.ts';
import { pathText } from './key.ts';

export type Path = readonly (string | number)[];

/** How a finding is shown. */
export interface FindingOptions {
  /** Where the caret stands; the value unless said otherwise. */
  readonly on?: 'key' | 'value';
  /** Other places that the finding rests on: while one of them is broken, the finding may be untrue and is dropped. */
  readonly restsOn?: readonly Path[];
  /** Quote nothing but a key: what stands here may be a secret, perhaps in the wrong place. */
  readonly blind?: boolean;
}

/** Collects problems of one configuration, each with the place that the value came from: a line or a variable. */
export class Findings {
  readonly problems: Problem[];
  readonly #document: YamlDocument | undefined;
  readonly #variables: ReadonlyMap<string, string>;
  readonly #broken: Path[] = [];

  /** @param variables by `pathText`, what the environment set. */
  constructor(document: YamlDocument | undefined, variables: ReadonlyMap<string, string>) {
    this.#document = document;
    this.#variables = variables;
    this.problems = [...(document?.problems ?? [])];
  }

  /** From now on nothing is said that rests on this place. */
  broken(path: Path): void {
    this.#broken.push(path);
  }

  isBroken(path: Path): boolean {
    return this.#broken.some((broken) => overlap(broken, path));
  }

  add(path: Path, message: string, wayOut: string, options: FindingOptions = {}): void {
    if ([path, ...(options.restsOn ?? [])].some((place) => this.isBroken(place))) return;
    this.report(path, message, wayOut, options);
  }

  /** As `add`, but also for a place that is broken: the finding that says so. */
  report(path: Path, message: string, wayOut: string, options: FindingOptions = {}): void {
    const problem = this.#place(path, message, wayOut, options.on);
    // One slip, one problem: what YAML has said of this place comes first.
    const said = this.#document?.problems.some(
      ({ file, line, column }) =>
        problem.line > 0 && file === problem.file && line === problem.line && column === problem.column,
    );
    if (!said) this.problems.push(options.blind ? blind(problem, options.on === 'key') : problem);
  }

  #place(path: Path, message: string, wayOut: string, on: FindingOptions['on']): Problem {
    for (let length = path.length; length > 0; length--) {
      const variable = this.#variables.get(pathText(path.slice(0, length)));
      if (variable !== undefined) return { file: variable, line: 0, column: 0, message, wayOut };
    }
    return this.#document?.problemAt(path, message, wayOut, on) ?? inEnvironment(message, wayOut);
  }
}

/** A problem of the environment as a whole, or of one variable. */
export const inEnvironment = (message: string, wayOut: string, variable = 'environment'): Problem => ({
  file: variable,
  line: 0,
  column: 0,
  message,
  wayOut,
});

function blind({ excerpt, ...problem }: Problem, onKey: boolean): Problem {
  if (excerpt === undefined || !onKey) return problem;
  const { text, length, skipped = 0 } = excerpt;
  const shown = [...text].slice(0, problem.column - 1 - skipped + length).join('');
  return { ...problem, excerpt: { ...excerpt, text: shown } };
}

const overlap = (a: Path, b: Path): boolean => a.slice(0, b.length).every((step, at) => step === b[at]);
