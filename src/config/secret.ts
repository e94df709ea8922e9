import { resolve } from 'node:path';
import type { Environment } from './environment.ts';
import type { RawSecret } from './provider-schema.ts';

/** Where secrets are read from. */
export interface SecretSources {
  readonly env: Environment;
  /** @returns undefined when the file cannot be read. */
  readonly readFile: (path: string) => string | undefined;
  /** Folder that relative paths of secret files start at. */
  readonly base: string;
}

/** A secret, or why there is none; the words never hold any of it. */
export type SecretRead =
  | { readonly value: string }
  | { readonly value: undefined; readonly message: string; readonly wayOut: string };

/** Reads a secret from where it is said to be. One final line break of a file does not count. */
export function readSecret(secret: RawSecret, sources: SecretSources): SecretRead {
  if (typeof secret === 'string') return { value: secret };
  if ('value' in secret) return { value: secret.value };
  if ('env' in secret) {
    const value = sources.env[secret.env];
    if (value !== undefined && value !== '') return { value };
    // In other letters it may be the secret itself, written in place of the name.
    const name = /^[A-Z][A-Z0-9_]*$/.test(secret.env) ? `\`${secret.env}\`` : 'named here';
    const message = `The environment variable ${name} ${value === '' ? 'is empty' : 'is not set'}.`;
    return { value: undefined, message, wayOut: 'set it, or say where else the secret is' };
  }
  const path = resolve(sources.base, secret.file);
  const bad = (message: string, wayOut: string): SecretRead => ({ value: undefined, message, wayOut });
  const content = sources.readFile(path);
  if (content === undefined)
    return bad(`The secret file ${path} cannot be read.`, 'check the path and who may read the file');
  const value = content.replace(/\r?\n$/, '');
  if (value === '') return bad(`The secret file ${path} is empty.`, 'write the secret into it');
  // Bytes that are not UTF-8 were all read as one character, which would leave a long secret guessable.
  if (value.includes('\uFFFD'))
    return bad(`The secret file ${path} is not text.`, 'write the secret in base64 or hex');
  return { value };
}
