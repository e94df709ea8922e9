import {
  Composer,
  type CST,
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Parser,
  type YAMLMap,
} from 'yaml';
import { tooDeepAt } from './nesting.ts';
import { furtherProblems, MAX_PROBLEMS, type Problem } from './problem.ts';
import { type Place, SourceText } from './source-text.ts';
import { syntaxSentence } from './yaml-syntax.ts';
import { openQuote, tokenTraps, treeTraps } from './yaml-traps.ts';

/** Where something stands inside a document: keys and list positions from the root. */
export type YamlPath = readonly (string | number)[];

/** A YAML 1.2 document (core schema) that an operator wrote, and where everything in it stands. */
export interface YamlDocument {
  readonly file: string;
  /** Plain objects, arrays and scalars; undefined when problems make it meaningless, null when the file is empty. */
  readonly value: unknown;
  /** Syntax errors, parser warnings and YAML's traps. Does *not* judge what the keys mean. */
  readonly problems: readonly Problem[];
  /** A problem at a node; at its nearest existing ancestor when there is no such node. */
  problemAt(path: YamlPath, message: string, wayOut: string, on?: 'key' | 'value'): Problem;
  /** The place that `problemAt` would name. */
  placeAt(path: YamlPath, on?: 'key' | 'value'): Place;
}

/** A hundred thousand rules fit; ten megabytes of anything do not. */
export const MAX_BYTES = 8 * 1024 * 1024;

/** @returns the text, without its byte order mark; undefined when the bytes are not UTF-8. */
export function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Reads YAML text. Pure; never throws for what an operator wrote. Tags, aliases and directives are refused. */
export function readYaml(file: string, text: string): YamlDocument {
  const source = new SourceText(file, text.replace(/^\uFEFF/, ''));
  if (Buffer.byteLength(text) > MAX_BYTES)
    return unreadable(source, 'The file is larger than 8 MiB.', 'split it into several files');
  try {
    return parse(source);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the stack of the parser, or of its lists
    return unreadable(
      source,
      'The file is more than the YAML parser can read.',
      'split it into several files',
    );
  }
}

function parse(source: SourceText): YamlDocument {
  const deep = tooDeepAt(source.text);
  if (deep !== undefined) {
    const wayOut = 'use fewer brackets and indentation levels, or put text with brackets in double quotes';
    hideLine(source, deep);
    const problem = source.problem(deep, deep + 1, 'The file is nested too deeply.', wayOut);
    return documentOf(source, undefined, null, [problem]);
  }
  const problems = controlCharacters(source);
  const tokens = tokensOf(source.text);
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, prettyErrors: false });
  const [document, second] = [...composer.compose(tokens, true, source.text.length)] as Document.Parsed[];
  const root = document?.contents ?? null;
  const tree = treeTraps(source, root);
  const fatal = tokenTraps(source, tokens);
  let opened: number | undefined;
  let hiddenLine: number | undefined;

  for (const error of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) {
    if (fatal.length > MAX_PROBLEMS) break;
    if (error.code === 'TAG_RESOLVE_FAILED' || error.code === 'BAD_DIRECTIVE') continue; // the tag itself is one
    const { message, wayOut } = syntaxSentence(error);
    // The parser names the end of the file, which helps nobody to find the quote.
    if (/closing .quote/.test(error.message)) opened ??= openQuote(tokens);
    const [from, to] =
      opened !== undefined && /closing .quote/.test(error.message) ? [opened, opened + 1] : error.pos;
    const { line } = source.place(from, to);
    if (line !== hiddenLine) hideLine(source, from);
    hiddenLine = line;
    fatal.push(source.problem(from, to, message, wayOut));
  }
  if (second !== undefined) {
    const [from] = second.range;
    fatal.push(
      source.problem(
        from,
        from + 1,
        'A second YAML document begins here.',
        'remove the line `---` or `...` before it, or use a file of its own',
      ),
    );
  }
  const isCut = fatal.length > MAX_PROBLEMS || tree.problems.length > MAX_PROBLEMS;
  problems.push(...oncePerLine(fatal), ...tree.problems.filter(notOn(fatal)));
  if (isCut) problems.splice(MAX_PROBLEMS, problems.length, furtherProblems(source.file));
  const meaningless = fatal.length > 0 || tree.fatal;
  return documentOf(source, meaningless ? undefined : (document?.toJS() ?? null), root, problems);
}

/** The parser's tokens, with no more errors among them than are told. */
function tokensOf(text: string): readonly CST.Token[] {
  const tokens: CST.Token[] = [];
  let errors = 0;
  for (const token of new Parser().parse(text)) {
    if (token.type === 'error') errors += 1;
    if (token.type !== 'error' || errors <= MAX_PROBLEMS + 1) tokens.push(token);
  }
  return tokens;
}

/** One slip often makes the parser stumble several times on its line; the first one tells. */
function oncePerLine(problems: readonly Problem[]): Problem[] {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return sorted.filter((problem, at) => problem.line !== sorted[at - 1]?.line);
}

const notOn = (fatal: readonly Problem[]) => {
  const lines = new Set(fatal.map((problem) => problem.line));
  return (problem: Problem): boolean => !lines.has(problem.line);
};

// The tree of a broken file may not know what is a secret: hide by the look of the line.
function hideLine(source: SourceText, offset: number): void {
  const start = source.text.lastIndexOf('\n', offset - 1) + 1;
  const line = /^[^\n]*/.exec(source.text.slice(start))?.[0] ?? '';
  const key = /(?:secret|password|passphrase|privatekey)\w{0,64}["']?\s*:\s*/i.exec(line);
  if (key !== null) source.hide(start + key.index + key[0].length, start + line.length);
}

function controlCharacters(source: SourceText): Problem[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes are what this refuses
  const found = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)/.exec(source.text);
  if (found === null) return [];
  const message = 'The file holds a control character here.';
  return [source.problem(found.index, found.index + 1, message, 'remove it, or write it as an escape')];
}

function unreadable(source: SourceText, message: string, wayOut: string): YamlDocument {
  const problem: Problem = { file: source.file, line: 0, column: 0, message, wayOut };
  return documentOf(source, undefined, null, [problem]);
}

function documentOf(
  source: SourceText,
  value: unknown,
  root: Node | null,
  problems: Problem[],
): YamlDocument {
  const pairs = new WeakMap<YAMLMap, Map<string, Pair>>();
  const pairOf = (map: YAMLMap, name: string | number): Pair | undefined => {
    let known = pairs.get(map);
    if (known === undefined) {
      known = new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : '', pair]));
      pairs.set(map, known);
    }
    return known.get(String(name));
  };
  const range = (path: YamlPath, on: 'key' | 'value'): readonly [number, number] => {
    let node: unknown = root;
    let key: unknown;
    let found = 0;
    for (const step of path) {
      const pair: Pair | undefined = isMap(node) ? pairOf(node, step) : undefined;
      const next: unknown = isSeq(node) ? node.items[Number(step)] : pair?.value;
      if (pair === undefined && next === undefined) break;
      if (pair !== undefined) key = pair.key;
      else key = undefined;
      node = next;
      found++;
    }
    const whole = found === path.length;
    const preferKey = on === 'key' || !whole || isBlock(node);
    for (const candidate of preferKey ? [key, node] : [node, key]) {
      const place = (candidate as Node | null | undefined)?.range;
      if (place && place[1] > place[0]) return [place[0], place[1]];
    }
    return [0, 1];
  };
  return {
    file: source.file,
    value,
    problems,
    problemAt: (path, message, wayOut, on = 'value') => source.problem(...range(path, on), message, wayOut),
    placeAt: (path, on = 'value') => source.place(...range(path, on)),
  };
}

// A map or list written by indentation has no place of its own that is better than its key.
const isBlock = (node: unknown): boolean => (isMap(node) || isSeq(node)) && node.flow !== true;
