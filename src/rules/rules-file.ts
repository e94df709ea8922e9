import { nearestWord } from '../document/nearest-word.ts';
import { furtherProblems, MAX_PROBLEMS, type Problem, shortSentence } from '../document/problem.ts';
import type { YamlDocument, YamlPath } from '../document/yaml-document.ts';
import { closerProblems } from './closer-problems.ts';
import { foreignBlank } from './foreign-blank.ts';
import type { Place } from './rule-set.ts';

export type YamlMap = Readonly<Record<string, unknown>>;

/** One rules file while it is read: its places, and the problems found so far. Knows no key of the language. */
export class RulesFile {
  readonly name: string;
  readonly problems: Problem[];
  readonly #document: YamlDocument;
  readonly #told: Set<string>;

  constructor(document: YamlDocument) {
    this.name = document.file;
    this.#document = document;
    this.problems = closerProblems(document.problems).map((problem) => ({
      ...problem,
      message: shortSentence(problem.message),
      wayOut: shortSentence(problem.wayOut),
    }));
    this.#told = new Set(document.problems.map(placeOf));
  }

  /**
   * Notes a problem, unless its place has one already: the first tells why, the second would only follow from it. Of a file
   * with more than a hundred it is noted only that there are more.
   */
  refuse(path: YamlPath, message: string, wayOut: string, on: 'key' | 'value' = 'value'): undefined {
    if (this.problems.length > MAX_PROBLEMS) return;
    const problem = this.#document.problemAt(path, message, wayOut, on);
    if (this.#told.has(placeOf(problem))) return;
    this.#told.add(placeOf(problem));
    this.problems.push(this.problems.length < MAX_PROBLEMS ? problem : furtherProblems(this.name));
  }

  lineOf(path: YamlPath, on: 'key' | 'value' = 'value'): number {
    return this.#document.placeAt(path, on).line;
  }

  /** Where something stands, for a problem that only others can find. */
  placeOf(path: YamlPath): Place {
    const { file, line, column, excerpt } = this.#document.problemAt(path, '', '');
    return { file, line, column, ...(excerpt === undefined ? {} : { excerpt }) };
  }

  /** `file:line` of a need. */
  idOf(path: YamlPath): string {
    return `${this.name}:${this.lineOf(path)}`;
  }

  /** The map at a path, with every key known. */
  map(path: YamlPath, value: unknown, known: readonly string[]): YamlMap | undefined {
    if (!isYamlMap(value))
      return this.refuse(path, 'A map stands here.', `write ${known.join(', ')} as keys`);
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) {
        const blank = foreignBlank(key);
        if (blank !== undefined) {
          this.refuse([...path, key], ...blank, 'key');
          continue;
        }
        const near = nearestWord(key, known);
        const all =
          known.length === 1 ? `the only key here is ${known[0]}` : `keys here are ${known.join(', ')}`;
        const wayOut = near === undefined ? all : `did you mean \`${near}\`?`;
        this.refuse([...path, key], `\`${key}\` is no key that can stand here.`, wayOut, 'key');
      }
    }
    return value;
  }

  /** A text that is not empty and holds no control character. */
  text(path: YamlPath, value: unknown, noun: string): string | undefined {
    if (typeof value !== 'string')
      return this.refuse(
        path,
        `${noun} must be text.`,
        'write one text; numbers, true and false need double quotes',
      );
    if (value.trim() === '') return this.refuse(path, `${noun} is empty.`, 'write the text');
    if (/\p{Cc}/u.test(value) || !value.isWellFormed())
      return this.refuse(path, `${noun} holds a control character.`, 'remove it');
    return value;
  }

  /**
   * A list that is not empty, of texts that are all different.
   * @returns each text with its place, without those that have a problem
   */
  texts(path: YamlPath, value: unknown, noun: string, form: string): { text: string; path: YamlPath }[] {
    if (!Array.isArray(value)) {
      const own = typeof value === 'string' && /^[^\s,[\]{}]+$/.test(value) ? `[${value}]` : form;
      this.refuse(path, 'A list must stand here.', `write ${own}`);
      return [];
    }
    if (value.length === 0) this.refuse(path, 'The list is empty.', `write ${form}, or remove the key`);
    const seen = new Set<string>();
    const texts: { text: string; path: YamlPath }[] = [];
    value.forEach((item: unknown, index) => {
      const place = [...path, index];
      const text = this.text(place, item, noun);
      if (text === undefined) return;
      if (seen.has(text))
        this.refuse(place, `\`${text}\` stands twice in this list.`, 'remove one of the two');
      else texts.push({ text, path: place });
      seen.add(text);
    });
    return texts;
  }

  /** One of a few words. */
  word<Word extends string>(path: YamlPath, value: unknown, words: readonly Word[]): Word | undefined {
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    const near = typeof value === 'string' ? nearestWord(value, words) : undefined;
    const shown = typeof value === 'string' ? `\`${value}\`` : 'This';
    return this.refuse(
      path,
      `${shown} is no word that can stand here.`,
      near === undefined ? `write ${words.join(' or ')}` : `did you mean \`${near}\`?`,
    );
  }
}

/** @returns whether the value is a YAML map. */
export const isYamlMap = (value: unknown): value is YamlMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const placeOf = (problem: Problem): string => `${problem.line}:${problem.column}`;
