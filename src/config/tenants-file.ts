import { fitsForm, isTenantKey, type TenantForm } from '../document/tenant-text.ts';

/** Completes "the file … " or "`tenants.list[0]` …", and the way out. */
type Fault = readonly [message: string, wayOut: string];

/** @returns why a text is no tenant; undefined when it is one. */
export function tenantFault(text: string, form: TenantForm | undefined): Fault | undefined {
  if (!isTenantKey(text)) {
    const lower = text.toLowerCase();
    return isTenantKey(lower)
      ? ['is not lower-case: requests are compared in lower case', `write \`${lower}\``]
      : ['is no tenant', 'write one label of lower-case letters, digits and `-`, or a GUID'];
  }
  return form === undefined || fitsForm(form, text)
    ? undefined
    : ['is not of the form that `tenants.form` says', 'change one of the two'];
}

/**
 * Reads a list of tenants: one a line or a YAML list, `#` begins a comment.
 * Never quotes the file but for a line number: it may be another file by mistake.
 */
export function parseTenantsFile(
  text: string,
  form: TenantForm | undefined,
): { readonly tenants: readonly string[] } | { readonly fault: Fault } {
  const tenants = new Set<string>();
  for (const [at, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries())
    for (const tenant of tenantsOf(line)) {
      const fault = tenantFault(tenant, form);
      if (fault !== undefined) return { fault: [`has a line ${at + 1} that ${fault[0]}`, fault[1]] };
      tenants.add(tenant);
    }
  return tenants.size === 0
    ? { fault: ['names no tenant', 'write one tenant a line'] }
    : { tenants: [...tenants] };
}

function tenantsOf(line: string): readonly string[] {
  const bare = line.replace(/(?:^|\s)#.*$/, '').trim();
  if (bare === '' || bare === '---') return [];
  const items = bare.startsWith('[') && bare.endsWith(']') ? bare.slice(1, -1).split(',') : [bare];
  return items.map((item) => {
    const text = item.trim().replace(/^-\s+/, '');
    return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
  });
}
