import { type CST, isCollection, isMap, isNode, isScalar, isSeq, type Node, type Pair, Scalar } from 'yaml';
import { MAX_PROBLEMS, type Problem } from './problem.ts';
import type { SourceText } from './source-text.ts';

/** Finds what YAML permits and an operator did not mean. */

const TOKENS: Readonly<Record<string, readonly [message: string, wayOut: string]>> = {
  alias: [
    'An unquoted * begins a YAML alias, and aliases are not used here.',
    'put the text in double quotes: "*.example.com"',
  ],
  anchor: [
    'An unquoted & begins a YAML anchor, and anchors are not used here.',
    'put the text in double quotes, or remove the anchor',
  ],
  tag: [
    'An unquoted ! begins a YAML tag, and tags are not used here.',
    'put the text in double quotes, or remove the tag',
  ],
  directive: ['YAML directives (lines that begin with %) are not used here.', 'remove the line'],
};

/**
 * @returns aliases, anchors, tags and directives: the value means nothing while there are any. One more than are shown, where
 * there are more.
 */
export function tokenTraps(source: SourceText, tokens: readonly CST.Token[]): Problem[] {
  const traps: Token[] = [];
  for (const token of tokensOf(tokens)) if (Object.hasOwn(TOKENS, token.type)) traps.push(token);
  traps.sort((a, b) => a.offset - b.offset);
  const told = traps.slice(0, MAX_PROBLEMS + 1);
  // All before the first is quoted. Beyond those that are told, stars cost less than the question.
  for (const [index, { offset, text }] of traps.entries())
    if (index > MAX_PROBLEMS || source.isSecret(offset)) source.hide(offset, offset + text.length);
  return told.flatMap(({ type, offset, text }) => {
    const trap = TOKENS[type];
    return trap === undefined ? [] : [source.problem(offset, offset + text.length, ...trap)];
  });
}

/** @returns where the quote that never closes was opened. */
export function openQuote(tokens: readonly CST.Token[]): number | undefined {
  for (const { type, offset, text } of tokensOf(tokens)) {
    const quote = type === 'double-quoted-scalar' ? '"' : type === 'single-quoted-scalar' ? "'" : undefined;
    if (quote !== undefined && (text.length < 2 || !text.endsWith(quote))) return offset;
  }
  return undefined;
}

interface Token {
  readonly type: string;
  readonly offset: number;
  readonly text: string;
}

/** Every token of the tree, in no order. Not recursive: brackets may be nested deeper than the stack. */
function* tokensOf(tokens: readonly CST.Token[]): Generator<Token> {
  const open: unknown[] = [...tokens];
  while (open.length > 0) {
    const token = open.pop();
    if (Array.isArray(token)) for (const item of token) open.push(item);
    if (token === null || typeof token !== 'object' || Array.isArray(token)) continue;
    const { type, offset, source } = token as { type?: unknown; offset?: unknown; source?: unknown };
    if (typeof type === 'string' && typeof offset === 'number' && typeof source === 'string')
      yield { type, offset, text: source };
    for (const part of ['start', 'props', 'key', 'sep', 'value', 'items', 'end'])
      if (part in token) open.push((token as Record<string, unknown>)[part]);
  }
}

// Values below such a key are never quoted, save those that only say where the secret is.
const SECRET_KEY = /secret|password|passphrase|privatekey/i;
const HARMLESS_KEY = /^(?:file|env|expires)$/;

/**
 * Walks the tree: repeated and odd keys, keys without a value, lists that turned into maps, numbers that are not what was
 * written, texts joined over lines (one problem more than are shown, where there are more). Hides secret values from quotes on its way.
 */
export function treeTraps(source: SourceText, root: Node | null): { problems: Problem[]; fatal: boolean } {
  const problems: Problem[] = [];
  let fatal = false;
  const say = (node: Node, message: string, wayOut: string): void => {
    if (problems.length > MAX_PROBLEMS) return;
    const [from, to] = node.range ?? [0, 0];
    problems.push(source.problem(from, to, message, wayOut));
  };

  const walk = (node: unknown, secret: boolean, inFlowSeq: boolean): void => {
    if (isScalar(node)) {
      if (secret && node.range) source.hide(node.range[0], node.range[1]);
      scalar(node);
    } else if (isSeq(node)) {
      for (const item of node.items) walk(item, secret, node.flow === true);
    } else if (isMap(node)) {
      if (inFlowSeq && source.text[node.range?.[0] ?? 0] !== '{')
        say(
          node,
          'A colon inside a list makes a map of this item.',
          'write `name:part` without a blank behind the colon, or put the whole item in double quotes',
        );
      const seen = new Map<unknown, number>();
      for (const pair of node.items) {
        if (secret && isBare(pair)) source.hide(...rangeOf(pair.key));
        key(pair, seen, node.flow === true && !inFlowSeq);
        const name = isScalar(pair.key) ? String(pair.key.value) : '';
        const hidden = (secret || SECRET_KEY.test(name)) && !HARMLESS_KEY.test(name);
        if (hidden) source.secret(rangeOf(pair.key)[1], rangeOf(pair.value)[1]);
        walk(pair.value, hidden, false);
      }
    }
  };

  const key = (pair: Pair, seen: Map<unknown, number>, flow: boolean): void => {
    const { key: node, value } = pair;
    if (isCollection(node)) {
      fatal = true;
      say(node, 'A key is a list or a map here.', 'write the key as plain text, in double quotes');
      return;
    }
    if (!isScalar(node) || !node.range) return;
    const written = node.range[1] > node.range[0];
    if (typeof node.value !== 'string') {
      if (written) say(node, 'A key must be text.', 'put the key in double quotes');
      else say(node, 'A value stands here without its key.', 'write `key: value`');
      return;
    }
    const first = seen.get(node.value);
    if (first === undefined) seen.set(node.value, source.place(...rangeOf(node)).line);
    else
      say(
        node,
        `\`${node.value}\` stands twice in this map; first on line ${first}.`,
        'keep one of the two, and move what belongs together below it',
      );
    if (value === null || (flow && isBare(pair)))
      say(
        node,
        'This key has no value.',
        flow
          ? 'write `key: value`; text with a comma or a bracket in it needs double quotes'
          : 'write `key: value`',
      );
  };

  const scalar = (node: Scalar): void => {
    if (node.type !== Scalar.PLAIN || !node.range) return;
    const written = source.text.slice(node.range[0], node.range[1]);
    if (written.includes('\n'))
      say(
        node,
        'This text runs on over the next line.',
        'indent the next line correctly, or write the text on one line',
      );
    if (typeof node.value === 'number' && String(node.value) !== written)
      say(
        node,
        'YAML reads this as a number and would change its digits.',
        'put it in double quotes if it is a name, else write the plain number',
      );
  };

  walk(root, false, false);
  return { problems, fatal };
}

const isBare = ({ value }: Pair): boolean => value === null || (isScalar(value) && value.value === null);

const rangeOf = (node: unknown): readonly [number, number] => {
  const range = isNode(node) ? node.range : undefined;
  return range ? [range[0], range[1]] : [0, 0];
};
