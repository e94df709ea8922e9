import type { Problem } from '../document/problem.ts';
import { blankWithin, holdsForeignBlank } from './foreign-blank.ts';

/**
 * Says what the parser found in the words of a rules file, where the line shows what was meant.
 * @param problems of one document
 */
export function closerProblems(problems: readonly Problem[]): readonly Problem[] {
  const told = new Set<string>();
  return problems.map(closerProblem).filter(({ line, message }) => {
    const key = `${line} ${message}`;
    const isNew = message !== COMMAS || !told.has(key);
    told.add(key);
    return isNew;
  });
}

const COMMAS = 'Methods are separated by blanks.';

function closerProblem(problem: Problem): Problem {
  const line = problem.excerpt?.text ?? '';
  const from = [...line].slice(problem.column - 1 - (problem.excerpt?.skipped ?? 0)).join('');
  const say = (message: string, wayOut: string): Problem => ({ ...problem, message, wayOut });
  if (holdsForeignBlank(line)) return say(...blankWithin(line));
  const [, methods, need] =
    /^([A-Z-]+(?:\s*,\s*[A-Z-]+)+)\s*:\s*(\[[^\]]*\]|\{[^}]*\}|[^\s,}]+)/.exec(from) ?? [];
  if (methods !== undefined && problem.message.startsWith('This key has no value'))
    return say(COMMAS, `write \`${methods.split(/[\s,]+/).join(' ')}: ${need}\``);
  if (!problem.message.startsWith('An unquoted * ')) return problem;
  const [, path] = /^(\*[^\s,]*?)\s*:(?:\s|$)/.exec(from) ?? [];
  if (path !== undefined && !path.startsWith('*.'))
    return say('A path begins with `/`.', `write \`/${path}\``);
  return from.startsWith('*.') ? problem : say('YAML aliases are not used here.', 'repeat the need in full');
}
