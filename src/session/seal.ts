import { createCipheriv, createDecipheriv, type Decipheriv, hash, randomBytes } from 'node:crypto';
import type { Purpose, SecretKeys } from './keys.ts';

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
  seal(binding: Binding, payload: unknown, expiresAt: number): string;
  /** @returns undefined for anything not sealed by one of the secrets, for this binding, or expired. */
  open(binding: Binding, text: string, now: number): Opened | undefined;
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

const CIPHER = 'aes-256-gcm';
/** Bytes: RFC 7518 section 5.3. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };

/**
 * A JWE (RFC 7516, compact) with direct A256GCM. The binding and the expiry lie inside, where they cannot be seen or
 * changed. Only the one header that each secret seals with is ever opened, compared as text: nothing in it is parsed,
 * so a text can choose neither algorithm nor compression.
 *
 * Not made by jose: that reaches AES through WebCrypto, three trips to other threads for a few hundred bytes, and each
 * page load of a stranger takes a seal. The tests have jose open what is sealed here, and the other way round.
 *
 * IVs are random, so a key is good for 2^32 seals (NIST SP 800-38D section 8.3, RFC 7518 section 8.4). A stranger can
 * have `state` sealed at will; but no purpose shares its key, so a session's is used once for each login. A new first
 * secret begins all counts afresh.
 * @param secrets the first seals, all open
 */
export function createSealer(secrets: readonly SecretKeys[]): Sealer {
  const [first] = secrets;
  if (first === undefined) throw new TypeError('at least one session secret');
  const byHeader = new Map(secrets.map((keys) => [headerOf(keys), keys]));
  const ownHeader = headerOf(first);
  const ownAad = Buffer.from(ownHeader, 'latin1');
  return {
    seal(binding, payload, expiresAt) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, first.sealing[binding.purpose], iv, OPTIONS);
      cipher.setAAD(ownAad);
      const envelope: Envelope = { b: digest(binding), x: expiresAt, p: payload };
      const ciphertext = Buffer.concat([cipher.update(JSON.stringify(envelope), 'utf8'), cipher.final()]);
      return [ownHeader, '', encoded(iv), encoded(ciphertext), encoded(cipher.getAuthTag())].join('.');
    },
    open(binding, text, now) {
      const parts = text.split('.', 6);
      const [header = '', encryptedKey] = parts;
      const keys = byHeader.get(header);
      // Not a JWE, a retired secret, or not ours.
      if (parts.length !== 5 || keys === undefined || encryptedKey !== '') return undefined;
      const [iv, ciphertext, tag] = parts.slice(2).map(decoded);
      if (iv?.length !== IV_BYTES || ciphertext === undefined || tag?.length !== TAG_BYTES) return undefined;
      const decipher = createDecipheriv(CIPHER, keys.sealing[binding.purpose], iv, OPTIONS);
      decipher.setAAD(Buffer.from(header, 'latin1'));
      decipher.setAuthTag(tag);
      const plaintext = decrypt(decipher, ciphertext);
      if (plaintext === undefined) return undefined;
      const { b, x, p } = JSON.parse(plaintext) as Envelope;
      return b === digest(binding) && x > now ? { payload: p, secret: keys.id } : undefined;
    },
  };
}

const encoded = (bytes: Buffer): string => bytes.toString('base64url');

const headerOf = ({ id }: SecretKeys): string =>
  encoded(Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: id })));

/**
 * @returns undefined for any other spelling of the same bytes: padding, blanks, stray bits in the last character (RFC
 * 4648 section 3.5). There is one text for each seal.
 */
function decoded(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return encoded(bytes) === part ? bytes : undefined;
}

/** @returns undefined when the tag does not fit; nothing of the text is let out before that is known. */
function decrypt(decipher: Decipheriv, ciphertext: Buffer): string | undefined {
  const unproven = decipher.update(ciphertext);
  try {
    return Buffer.concat([unproven, decipher.final()]).toString('utf8');
  } catch {
    return undefined; // the one thing that `final` fails for
  }
}
