export type JsonObject = Readonly<Record<string, unknown>>;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses UTF-8 JSON whose top level is an object.
 * @returns undefined when it is not, or when a member name is repeated at any depth: parsers disagree on which of
 *   the two counts (RFC 7515 section 4 and RFC 7519 section 4 let us refuse).
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject | undefined {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return countMembers(value) === countColons(text) ? (value as JsonObject) : undefined;
}

// In well-formed JSON every member has exactly one colon outside strings, and JSON.parse keeps one of two namesakes.
const countColons = (json: string): number => json.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;

// With a list instead of recursion: 16 KB of brackets nest deeper than the stack.
function countMembers(root: object): number {
  let members = 0;
  const pending: unknown[] = [root];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    const children = Object.values(value);
    if (!Array.isArray(value)) members += children.length;
    pending.push(...children);
  }
  return members;
}
