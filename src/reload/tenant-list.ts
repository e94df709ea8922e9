import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { parseTenantsFile } from '../config/tenants-file.ts';
import { readUtf8 } from '../document/yaml-document.ts';
import type { Log } from '../log.ts';
import type { ListedTenants } from '../rules/tenancy.ts';
import { type WatchedFile, watchFile } from './watched-file.ts';

/** What keeps the list of tenants the one on disk. */
export interface TenantList {
  /** Reads the file now; a bad one leaves the old list. */
  reload(): void;
  /** Does so whenever it changes, from now on. */
  follow(): void;
  close(): void;
}

/**
 * Keeps the tenants current, where their list is in a file. A tenant that is gone from it is a stranger from the next request on,
 * signed in or not.
 */
export function createTenantList(
  { tenants: configured, basePath }: Pick<Config, 'tenants' | 'basePath'>,
  tenants: Pick<ListedTenants, 'list' | 'replace'> | undefined,
  log: Pick<Log, 'warned' | 'tenantsReloaded'>,
): TenantList {
  const file = configured?.file;
  if (configured === undefined || file === undefined || tenants === undefined) return NOTHING;
  const [, own = ''] = basePath.split('/');
  let watched: WatchedFile | undefined;

  /** @returns the tenants on disk, or why they cannot be taken. */
  function read(): readonly string[] | string {
    const text = textOf(file as string);
    if (text === undefined) return 'the file cannot be read as text';
    const found = parseTenantsFile(text, configured?.form);
    if ('fault' in found) return `the file ${found.fault[0]}`;
    const isTaken = configured?.in === 'path' && found.tenants.includes(own);
    return isTaken ? `the gateway's own pages begin with /${own}` : found.tenants;
  }

  function reload(): void {
    const found = read();
    if (typeof found === 'string') {
      const facts = { kind: 'tenants-refused', file, cause: found };
      log.warned('the list of tenants is refused and stays as it was', facts);
      return;
    }
    const before = tenants?.list();
    if (before?.size === found.length && found.every((tenant) => before.has(tenant))) return;
    tenants?.replace(found);
    log.tenantsReloaded(found.length);
  }

  return {
    reload,
    follow() {
      watched ??= watchFile(file, reload);
      // What changed since the start.
      reload();
    },
    close: () => watched?.close(),
  };
}

const NOTHING: TenantList = { reload: () => {}, follow: () => {}, close: () => {} };

function textOf(file: string): string | undefined {
  try {
    return readUtf8(readFileSync(file));
  } catch {
    return undefined; // gone for the moment, or not for us to read
  }
}
