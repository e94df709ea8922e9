import { deriveKeys } from '../../src/session/keys.ts';

/** Session secrets in the order of a rotation: the newest seals, the second still opens, the third was taken out. */
export const [NEW, OLD, RETIRED] = await Promise.all([
  deriveKeys('the newest session secret, which seals'),
  deriveKeys('the session secret before it, which still opens'),
  deriveKeys('a session secret that was taken out of service'),
]);

/** A `Set-Cookie` line in its parts. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** Lower-case names; a flag has the empty text. */
  readonly attributes: Readonly<Record<string, string>>;
}

export function parseSetCookie(line: string): SetCookie {
  const [pair = '', ...rest] = line.split('; ');
  const attributes = rest.map((part) => {
    const [name = '', ...value] = part.split('=');
    return [name.toLowerCase(), value.join('=')] as const;
  });
  const equals = pair.indexOf('=');
  return {
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    attributes: Object.fromEntries(attributes),
  };
}

/** A browser's cookies for one host, as far as names, values and removal go. */
export class PlainJar {
  readonly #cookies = new Map<string, string>();

  copy(): PlainJar {
    const jar = new PlainJar();
    for (const [name, value] of this.#cookies) jar.set(name, value);
    return jar;
  }

  /** Takes what an answer sets and removes. */
  take(lines: readonly string[]): this {
    for (const { name, value, attributes } of lines.map(parseSetCookie)) {
      if (Date.parse(attributes['expires'] ?? '') <= Date.now()) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return this;
  }

  get names(): readonly string[] {
    return [...this.#cookies.keys()];
  }

  get(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  set(name: string, value: string): this {
    this.#cookies.set(name, value);
    return this;
  }

  delete(name: string): this {
    this.#cookies.delete(name);
    return this;
  }

  /** The `Cookie` lines: one, or none when the jar is empty. */
  get lines(): readonly string[] {
    const pairs = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
    return pairs.length === 0 ? [] : [pairs.join('; ')];
  }
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * Every text that differs from the given one in one place: there, the character with the lowest bit flipped, and the
 * next one of the base64url alphabet (which may differ in bits that a lax decoder drops).
 */
export function oneCharacterOff(text: string): string[] {
  return [...text].flatMap((character, at) => {
    const put = (other: string): string => text.slice(0, at) + other + text.slice(at + 1);
    const flipped = put(String.fromCharCode(character.charCodeAt(0) ^ 1));
    const index = BASE64URL.indexOf(character);
    return index === -1 ? [flipped] : [flipped, put(BASE64URL[(index + 1) % 64] as string)];
  });
}

/** The text with another first character. */
export const spoiled = (text: string | undefined): string =>
  `${text?.startsWith('A') === true ? 'B' : 'A'}${text?.slice(1)}`;
