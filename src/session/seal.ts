import { hash } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader, errors } from 'jose';
import type { SecretKeys } from './keys.ts';

/** What a sealed text is for. One sealed for another purpose is nothing. */
export type Purpose = 'session' | 'transaction' | 'state' | 'asked';

/** Whom a sealed text is for: it opens only for the same purpose, host and context. */
export interface Binding {
  readonly purpose: Purpose;
  /** Canonical host name. */
  readonly host: string;
  /** The tenant of a session, the id of a transaction; else empty. */
  readonly context: string;
}

export interface Opened {
  readonly payload: unknown;
  /** Id of the secret that sealed it. */
  readonly secret: string;
}

/** Seals values into texts that reveal nothing and that only this gateway (and its replicas) can make. */
export interface Sealer {
  /** @param expiresAt Unix seconds: not opened from then on. */
  seal(binding: Binding, payload: unknown, expiresAt: number): Promise<string>;
  /** @returns undefined for anything not sealed by one of the secrets, for this binding, or expired. */
  open(binding: Binding, text: string, now: number): Promise<Opened | undefined>;
}

/**
 * Short, and of one length whatever the host: a login transaction with a long return URL must still fit into one cookie.
 */
interface Envelope {
  /** Digest of the binding. */
  readonly b: string;
  readonly x: number;
  readonly p: unknown;
}

const digest = ({ purpose, host, context }: Binding): string =>
  hash('sha256', JSON.stringify([purpose, host, context]), 'base64url').slice(0, 22);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A JWE (RFC 7516) with direct A256GCM. The binding and the expiry lie inside, where they cannot be seen or changed.
 * @param secrets the first seals, all open
 */
export function createSealer(secrets: readonly SecretKeys[]): Sealer {
  const [first] = secrets;
  if (first === undefined) throw new TypeError('at least one session secret');
  const byId = new Map(secrets.map((keys) => [keys.id, keys]));
  const header = { alg: 'dir', enc: 'A256GCM', kid: first.id };
  const options = {
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256GCM'],
    maxDecompressedLength: 0,
  };
  return {
    seal: (binding, payload, expiresAt) =>
      new CompactEncrypt(
        encoder.encode(JSON.stringify({ b: digest(binding), x: expiresAt, p: payload } satisfies Envelope)),
      )
        .setProtectedHeader(header)
        .encrypt(first.sealing),
    open: async (binding, text, now) => {
      if (!isOneSpelling(text)) return undefined;
      try {
        const { kid } = decodeProtectedHeader(text);
        const keys = kid === undefined ? undefined : byId.get(kid);
        if (keys === undefined) return undefined; // a retired secret, or not ours
        const { plaintext } = await compactDecrypt(text, keys.sealing, options);
        const { b, x, p } = JSON.parse(decoder.decode(plaintext)) as Envelope;
        return b === digest(binding) && x > now ? { payload: p, secret: keys.id } : undefined;
      } catch (error) {
        // decodeProtectedHeader throws TypeError for what is no JWE at all.
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
        throw error;
      }
    },
  };
}

/** Stray bits in the last character of a part would make a second spelling of the same seal (RFC 4648 section 3.5). */
const isOneSpelling = (text: string): boolean =>
  text.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
