import { describeFailure } from '../oidc/token-call.ts';
import { AnswerRefused, type Fetch } from '../token/bounded-fetch.ts';

/** A discovery document as it came: nothing in it is checked. */
export type Document = Readonly<Record<string, unknown>>;

/** An answer with a JSON object, and when it came. */
export interface Fetched {
  readonly document: Document;
  readonly headers: Headers;
  /** Unix milliseconds, our clock: before the call and after it. */
  readonly between: readonly [number, number];
}

/** Fetches a JSON object. @returns in words, what came in its place */
export async function fetchJson(
  fetch: Fetch,
  url: string,
  now: () => number,
): Promise<Fetched | { readonly failure: string }> {
  const before = now();
  try {
    const response = await fetch(url, { headers: { accept: 'application/json' } });
    const after = now();
    if (response.status !== 200) return { failure: `status ${response.status}` };
    const value: unknown = await response.json().catch(() => undefined);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { failure: 'an answer that is no JSON object' };
    return { document: value as Document, headers: response.headers, between: [before, after] };
  } catch (error) {
    if (error instanceof AnswerRefused) return { failure: error.message };
    const words = describeFailure(error);
    return { failure: words === 'TimeoutError' ? 'no answer in time' : words };
  }
}

/** @returns a member that is a list of texts; undefined when it is absent or anything else */
export function texts(document: Document, member: string): readonly string[] | undefined {
  const value = document[member];
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}

export function text(document: Document, member: string): string | undefined {
  const value = document[member];
  return typeof value === 'string' ? value : undefined;
}
