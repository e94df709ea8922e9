import type { ClientSecret, Secrets } from '../config/config.ts';
import { expiringSecrets } from '../config/expiring-secrets.ts';
import type { ConfigResult } from '../config/load.ts';
import { placeOf } from '../document/problem.ts';
import type { Log } from '../log.ts';
import type { ClientSecretSource } from '../oidc/client-authentication.ts';
import { type WatchedFile, watchFile } from './watched-file.ts';

/** The client secrets in force: those of the start, and what has come in their place since. */
export interface ClientSecrets {
  of(provider: string): ClientSecretSource;
  /** Which ones expire: name of the provider, place in its list, Unix seconds. */
  expiring(): readonly (readonly [provider: string, place: number, expiresAt: number])[];
  /** Reads the configuration again, and takes the client secrets of it. Bad ones change nothing. @returns whether they changed */
  reload(): boolean;
  /** Does so whenever a file changes that the configuration was read from, and tells early of secrets that expire. */
  follow(): void;
  close(): void;
}

export interface ClientSecretsParts {
  /** Reads the configuration as at the start; undefined where it cannot change. */
  readonly readConfig: (() => ConfigResult) | undefined;
  readonly log: Log;
  /** Unix seconds. */
  readonly now: () => number;
  readonly watch?: typeof watchFile;
}

const DAY = 86_400;
/** Seconds before its end from which on a secret is spoken of, once a day. */
const EARLY = 30 * DAY;

/**
 * Keeps client secrets current, so that one can be rotated without a restart and without a failed login. Of a configuration
 * that changed on disk nothing else is taken: a restart does that, after `postern check`.
 */
export function createClientSecrets(
  first: Secrets,
  { readConfig, log, now, watch = watchFile }: ClientSecretsParts,
): ClientSecrets {
  let current = first;
  let isFollowing = false;
  const watched = new Map<string, WatchedFile>();
  let timer: NodeJS.Timeout | undefined;

  function reload(): boolean {
    const read = readConfig?.();
    if (read === undefined) return false;
    if ('problems' in read) {
      const [problem] = read.problems;
      const place = problem === undefined ? {} : { place: placeOf(problem) };
      log.warned('the configuration has problems now; client secrets stay as they were', {
        ...{ kind: 'secrets-refused', ...place },
        cause: problem?.message,
      });
      return false;
    }
    if (isFollowing) watchOnly(read.sources.files);
    const changed = [...current.clients].filter(
      ([provider, before]) => !isSame(before, read.secrets.clients.get(provider) ?? before),
    );
    if (changed.length === 0) return false;
    const clients = new Map(current.clients);
    for (const [provider] of changed) clients.set(provider, read.secrets.clients.get(provider) ?? []);
    current = { ...current, clients };
    for (const [provider] of changed) log.secretsReloaded(provider, clients.get(provider)?.length ?? 0);
    return true;
  }

  /** Another configuration may name other files. */
  function watchOnly(files: readonly string[]): void {
    for (const file of files)
      if (!watched.has(file))
        watched.set(
          file,
          watch(file, () => void reload()),
        );
    for (const [file, { close }] of watched)
      if (!files.includes(file)) {
        close();
        watched.delete(file);
      }
  }

  const warn = (): void => {
    for (const [provider, place, expiresAt] of expiringSecrets(current)) {
      if (expiresAt - now() > EARLY) continue;
      const expires = new Date(expiresAt * 1000).toISOString();
      const message = expiresAt > now() ? 'a client secret expires soon' : 'a client secret has expired';
      log.warned(message, { kind: 'secret-expiring', provider, place: place + 1, expires });
    }
  };

  return {
    of: (provider) => ({ current: () => current.clients.get(provider) ?? [], reread: reload }),
    expiring: () => expiringSecrets(current),
    reload,
    follow() {
      warn();
      timer ??= setInterval(warn, DAY * 1000).unref();
      isFollowing = true;
      // What changed since the start; and this one reading says which files there are.
      reload();
    },
    close() {
      clearInterval(timer);
      isFollowing = false;
      watchOnly([]);
    },
  };
}

const isSame = (before: readonly ClientSecret[], after: readonly ClientSecret[]): boolean =>
  before.length === after.length &&
  before.every(
    ({ value, expiresAt }, at) => after[at]?.value === value && after[at]?.expiresAt === expiresAt,
  );
