import { fitsForm, isTenantKey, parseTenantForm, type TenantForm } from '../document/tenant-text.ts';
import type { TenantsConfig } from './config.ts';
import type { Findings, Path } from './findings.ts';
import type { RawConfig } from './schema.ts';
import { parseTenantsFile, tenantFault } from './tenants-file.ts';

type RawTenants = NonNullable<RawConfig['tenants']>;

/**
 * Reads who the tenants are.
 * @param resolveFile makes the path of a list absolute
 * @param readFile undefined when the file cannot be read
 */
export function readTenants(
  raw: RawConfig,
  resolveFile: (path: string) => string,
  readFile: (path: string) => string | undefined,
  findings: Findings,
): TenantsConfig | undefined {
  const { tenants } = raw;
  if (tenants === undefined) return undefined;
  const form = readForm(tenants, findings);
  if (tenants.list === undefined && tenants.form === undefined)
    findings.add(
      ['tenants'],
      '`tenants` does not say which tenants there are.',
      'add `list: [acme]`, or `form: "[a-z0-9-]{1,40}"` for every tenant of that form',
      { on: 'key', restsOn: [['tenants', 'list']] },
    );
  const { in: place, claim } = tenants;
  const isFile = tenants.list !== undefined && 'file' in tenants.list;
  const file = isFile && tenants.list !== undefined ? resolveFile(fileOf(tenants.list)) : undefined;
  const list =
    file === undefined
      ? readList(tenants, form, findings)
      : readListFile(file, readFile(file), form, findings);
  // Its first segment would be the gateway's own in one request and a tenant in the next.
  const [, own = ''] = raw.basePath.split('/');
  const isOwn = list === undefined ? form !== undefined && fitsForm(form, own) : list.includes(own);
  if (place === 'path' && isOwn)
    findings.add(
      ['tenants', list === undefined ? 'form' : 'list'],
      `\`${own}\` cannot be a tenant: the gateway's own pages begin with /${own}.`,
      'set `basePath` to another path, or rename the tenant',
      { restsOn: [['basePath']] },
    );
  return { in: place, list, file, form, claim };
}

const fileOf = (list: NonNullable<RawTenants['list']>): string => ('file' in list ? list.file : '');

function readForm({ form: text }: RawTenants, findings: Findings): TenantForm | undefined {
  if (text === undefined) return undefined;
  const form = parseTenantForm(text);
  if (form === undefined)
    findings.add(
      ['tenants', 'form'],
      '`tenants.form` must be one class of lower-case letters, digits and `-`, and its bounds up to 63.',
      'write for example `"[a-z0-9-]{1,40}"`; other patterns are not read',
    );
  return form;
}

function readList(
  { list }: RawTenants,
  form: TenantForm | undefined,
  findings: Findings,
): readonly string[] | undefined {
  if (list === undefined || 'file' in list) return undefined;
  const say = (at: number, message: string, wayOut: string): void => {
    const path: Path = ['tenants', 'list', at];
    findings.add(path, `\`tenants.list[${at}]\` ${message}.`, wayOut);
  };
  for (const [at, tenant] of list.entries()) {
    const fault = tenantFault(tenant, form);
    if (fault !== undefined) say(at, ...fault);
    else if (list.indexOf(tenant) < at) say(at, 'is named before', 'remove one of the two');
  }
  return list.filter((tenant) => isTenantKey(tenant) && (form === undefined || fitsForm(form, tenant)));
}

function readListFile(
  file: string,
  text: string | undefined,
  form: TenantForm | undefined,
  findings: Findings,
): readonly string[] {
  const read =
    text === undefined
      ? { fault: ['cannot be read', 'check the path, and who may read the file'] as const }
      : parseTenantsFile(text, form);
  if ('tenants' in read) return read.tenants;
  const [message, wayOut] = read.fault;
  findings.add(['tenants', 'list', 'file'], `\`tenants.list\`: the file ${file} ${message}.`, wayOut);
  return [];
}
