import { type JsonObject, parseJsonObject } from './json-object.ts';

/** A token in JWS Compact Serialization, read but not verified: nothing in it may be believed yet. */
export interface UnverifiedToken {
  readonly raw: string;
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

const MAX_LENGTH = 16_384;

/**
 * Splits a compact JWS (RFC 7515 section 7.1) in its one spelling: three non-empty base64url segments without padding,
 * blanks or stray bits in the last character (RFC 4648 section 3.5), at most 16 KB. jose alone takes several spellings
 * of one token, and then a list of refused tokens or a cache could be passed by. Does *not* look inside the segments.
 */
export function splitToken(raw: string): { header: Uint8Array; payload: Uint8Array } | undefined {
  if (raw.length > MAX_LENGTH) return undefined;
  const segments = raw.split('.', 4);
  if (segments.length !== 3) return undefined;
  const [header, payload, signature] = segments.map(decodeSegment);
  return header && payload && signature ? { header, payload } : undefined;
}

function decodeSegment(segment: string): Uint8Array | undefined {
  const bytes = Buffer.from(segment, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === segment ? bytes : undefined;
}

/** Reads header and claims of a JWT. @returns undefined when it is not in its one spelling, or not JSON objects. */
export function readToken(raw: string): UnverifiedToken | undefined {
  const segments = splitToken(raw);
  if (segments === undefined) return undefined;
  const header = parseJsonObject(segments.header);
  const claims = parseJsonObject(segments.payload);
  return header && claims ? { raw, header, claims } : undefined;
}

/** @returns whether it is a JWT at all, be it a bad one; an opaque token or a JWE (five segments) is not. */
export const looksLikeJwt = (raw: string): boolean => {
  const segments = splitToken(raw);
  return segments !== undefined && typeof parseJsonObject(segments.header)?.['alg'] === 'string';
};

/**
 * Checks the header parameters that change what a signature means. `jwk`, `jku`, `x5u` and `x5c` are ignored: keys come
 * from the issuer's key set only (RFC 8725 section 3.10).
 * @returns what is wrong, in words that hold nothing of the token.
 */
export function headerFault(header: JsonObject): string | undefined {
  // "If any of the listed extension Header Parameters are not understood … then the JWS is invalid" (RFC 7515, 4.1.11).
  if ('crit' in header) return 'the header names critical extensions (crit)';
  if ('b64' in header) return 'the header has b64';
  if (typeof header['alg'] !== 'string') return 'the header has no alg';
  if (header['kid'] !== undefined && typeof header['kid'] !== 'string') return 'the header kid is no string';
  if (header['typ'] !== undefined && typeof header['typ'] !== 'string') return 'the header typ is no string';
  return undefined;
}
