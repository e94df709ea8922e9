import { comment, WIDTH, wrap } from './text.ts';

/** What the printed YAML is made of. `JSON.stringify` gives the same without the comments. */
export type Yaml = string | number | boolean | Noted | readonly Yaml[] | YamlMap;
export interface YamlMap {
  readonly [key: string]: Yaml;
}

/** A value with a comment above it. */
export class Noted {
  readonly note: string;
  readonly value: Yaml;

  constructor(note: string, value: Yaml) {
    this.note = note;
    this.value = value;
  }

  toJSON(): Yaml {
    return this.value;
  }
}

export const noted = (note: string, value: Yaml): Noted => new Noted(note, value);

/** Writes one document, in block style, lists of short words in one line. */
export const yamlText = (value: YamlMap): string => `${mapLines(value, '').join('\n')}\n`;

function mapLines(map: YamlMap, indent: string): string[] {
  return Object.entries(map).flatMap(([key, value]) => {
    const note = value instanceof Noted ? comment(value.note, indent) : [];
    return [...note, ...entryLines(`${indent}${scalar(key)}:`, plainOf(value), indent)];
  });
}

const plainOf = (value: Yaml): Exclude<Yaml, Noted> =>
  value instanceof Noted ? plainOf(value.value) : value;

function entryLines(start: string, value: Exclude<Yaml, Noted>, indent: string): string[] {
  if (isList(value)) {
    const flow = flowList(value);
    if (flow !== undefined && start.length + 1 + flow.length <= WIDTH) return [`${start} ${flow}`];
    return [start, ...value.flatMap((item) => itemLines(item, `${indent}  `))];
  }
  if (typeof value === 'object')
    return Object.keys(value).length === 0 ? [`${start} {}`] : [start, ...mapLines(value, `${indent}  `)];
  return scalarLines(start, value, `${indent}  `);
}

function itemLines(item: Yaml, indent: string): string[] {
  const note = item instanceof Noted ? comment(item.note, indent) : [];
  const value = plainOf(item);
  if (isList(value)) throw new TypeError('no list in a list');
  if (typeof value !== 'object') return [...note, ...scalarLines(`${indent}-`, value, `${indent}  `)];
  const lines = mapLines(value, `${indent}  `);
  // The dash takes the place of the first key's indent, below its comment.
  const at = lines.findIndex((line) => !line.trimStart().startsWith('#'));
  const [first = ''] = lines.slice(at, at + 1);
  return [
    ...note,
    ...lines.slice(0, at).map((line) => line.slice(2)),
    `${indent}- ${first.slice(indent.length + 2)}`,
    ...lines.slice(at + 1),
  ];
}

/** A long text is folded at its blanks; one without blanks is broken inside its quotes. */
function scalarLines(start: string, value: string | number | boolean, indent: string): string[] {
  const text = typeof value === 'string' ? scalar(value) : String(value);
  if (typeof value !== 'string' || start.length + 1 + text.length <= WIDTH) return [`${start} ${text}`];
  if (isFoldable(value)) return [`${start} >-`, ...wrap(value.split(' '), indent, indent)];
  const room = WIDTH - indent.length - 1;
  const parts =
    JSON.stringify(value).match(new RegExp(`.{1,${room}}$|.{1,${room - 1}}[./]|.{1,${room}}`, 'g')) ?? [];
  return [start, ...parts.map((part, at) => `${indent}${part}${at === parts.length - 1 ? '' : '\\'}`)];
}

const isFoldable = (text: string): boolean => /^[^\s]+(?: [^\s]+)+$/.test(text);

function flowList(list: readonly Yaml[]): string | undefined {
  if (list.length === 0) return '[]';
  const words = list.filter((item) => typeof item === 'string' && /^[\w/.@-]+$/.test(item)) as string[];
  return words.length === list.length ? `[${words.map(scalar).join(', ')}]` : undefined;
}

/** A text as YAML 1.1 and 1.2 read it alike: plain where nobody could take it for anything else, or in quotes. */
function scalar(text: string): string {
  const plain =
    /^[A-Za-z/][\x21-\x7e]*(?: [\x21-\x7e]+)*$/.test(text) &&
    !/: | #|:$/.test(text) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}

const isList = (value: Yaml): value is readonly Yaml[] => Array.isArray(value);
