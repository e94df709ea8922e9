import { hash } from 'node:crypto';
import { type Fingerprint, isSameFingerprint } from './session-cookie.ts';

/** What is remembered of a cookie text; only a `TextMemory` makes one and reads it. */
export interface KnownText {
  /** SHA-256 of the whole text. */
  readonly digest: string;
  /** The text itself, while its session is one of those in use. */
  text: Fingerprint | undefined;
  /** The number of digests that had been compared when it was last recognised by its own. */
  seenAt: number;
}

/** Recognises cookie texts that were seen before, exactly. */
export interface TextMemory {
  remember(text: Fingerprint): KnownText;
  isSame(known: KnownText, text: Fingerprint): boolean;
}

/** Texts that are kept whole; a few kilobytes each, 16 KB at most. */
const KEPT = 500;
/** Once so many are kept, a further one is taken for another only every so often. */
const RELUCTANCE = 8;

/**
 * Keeps the texts of the sessions in use, and of all others the digest alone: a text is most of what a session takes,
 * and comparing it takes a tenth of the time of hashing it. INVARIANT: nothing but the same text, or one with the same
 * SHA-256 digest, is ever taken for it.
 * @param kept how many texts are kept whole
 */
export function createTextMemory(kept = KEPT): TextMemory {
  const whole: KnownText[] = [];
  let next = 0;
  let compared = 0;
  let candidates = 0;

  function keep(known: KnownText, { key, parts }: Fingerprint): void {
    // A few more sessions in turn than texts are kept would have all of them copied in every turn.
    if (whole.length === kept) candidates += 1;
    if (candidates % RELUCTANCE !== 0) return;
    const oldest = whole[next];
    if (oldest !== undefined) oldest.text = undefined;
    known.text = { key: copied(key), parts: parts.map(copied) };
    whole[next] = known;
    next = (next + 1) % kept;
  }

  return {
    remember: (text) => ({ digest: digest(text), text: undefined, seenAt: compared }),
    isSame(known, text) {
      if (known.text !== undefined) return isSameFingerprint(known.text, text);
      if (known.digest !== digest(text)) return false;
      compared += 1;
      // One that comes seldom would push out others and be pushed out before it comes again.
      if (compared - known.seenAt <= kept) keep(known, text);
      known.seenAt = compared;
      return true;
    },
  };
}

/** No part holds a semicolon: they stood in a `Cookie` header. */
const digest = ({ parts }: Fingerprint): string => hash('sha256', parts.join(';'), 'base64');

/** A text of its own: a slice would keep the whole header line of its request in memory for as long as it lives. */
export const copied = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');
