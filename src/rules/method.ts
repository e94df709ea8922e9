import { nearestWord } from '../document/nearest-word.ts';
import type { YamlPath } from '../document/yaml-document.ts';
import type { RulesFile } from './rules-file.ts';

/** What a path without methods, and every `otherwise`, covers. Any other method must be named. */
export const COMMON_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

// The IANA HTTP method registry, and what caches and UPnP use: these are no misspellings of one another.
const REGISTERED: ReadonlySet<string> = new Set([
  ...COMMON_METHODS,
  ...`ACL BAN BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY LABEL LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL
   MKREDIRECTREF MKWORKSPACE MOVE NOTIFY ORDERPATCH PRI PROPFIND PROPPATCH PURGE QUERY REBIND REPORT SEARCH SUBSCRIBE TRACE
   UNBIND UNCHECKOUT UNLINK UNLOCK UNSUBSCRIBE UPDATE UPDATEREDIRECTREF VERSION-CONTROL`.split(/\s+/),
]);

// What other languages call all methods, or the remaining ones. As methods they would be valid tokens, and never come.
export const NO_METHODS: Readonly<Record<string, string>> = {
  ALL: 'write `otherwise` for methods that are not named, or `all` for a list of scopes',
  ANY: 'write `otherwise` for methods that are not named, or `any` for a list of scopes',
  ...Object.fromEntries(
    ['*', 'DEFAULT', 'ELSE', 'OTHER', 'OTHERS', 'OTHERWISE', 'REST'].map((word) => [
      word,
      'write `otherwise`',
    ]),
  ),
};

/** @returns what to write in place of a word that stands for several methods, whatever its case; undefined for a method. */
export const meantByWord = (word: string): string | undefined =>
  Object.hasOwn(NO_METHODS, word.toUpperCase()) ? NO_METHODS[word.toUpperCase()] : undefined;

/** @returns whether a key of a path's map is meant as methods, rightly spelled or not. */
export const looksLikeMethods = (key: string): boolean =>
  /^[A-Z*]/.test(key) || key.split(/[\s,]+/).some((word) => REGISTERED.has(word.toUpperCase()));

/** @returns whether the IANA registry, or wide use, knows the method. */
export const isRegisteredMethod = (method: string): boolean => REGISTERED.has(method);

/** @returns the registered method that was probably meant; undefined for one that is registered, and when none is near. */
export const nearestMethod = (method: string): string | undefined =>
  REGISTERED.has(method) ? undefined : nearestWord(method, REGISTERED);

/** Reads a key such as `POST PUT PATCH`. */
export function readMethods(file: RulesFile, path: YamlPath, key: string): string[] {
  const refuse = (message: string, wayOut: string): [] => file.refuse(path, message, wayOut, 'key') ?? [];
  if (key.includes(','))
    return refuse('Methods are separated by blanks.', `write \`${key.split(/[\s,]+/).join(' ')}\``);
  const methods = key.split(/\s+/).filter((word) => word !== '');
  for (const method of methods) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method))
      return refuse(`\`${method}\` is no HTTP method.`, 'write methods such as `GET` or `POST PUT`');
    const wayOut = meantByWord(method);
    if (wayOut !== undefined) return refuse(`\`${method}\` is no method.`, wayOut);
    if (method !== method.toUpperCase())
      return refuse('Methods are written in upper case.', `write \`${key.toUpperCase()}\``);
    const near = nearestMethod(method);
    if (near !== undefined) return refuse(`\`${method}\` is no known method.`, `did you mean \`${near}\`?`);
    if (methods.indexOf(method) !== methods.lastIndexOf(method))
      return refuse(`\`${method}\` stands twice here.`, 'remove one of the two');
  }
  return methods;
}
