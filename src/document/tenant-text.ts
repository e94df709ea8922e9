/** Stands for the tenant in a text that an operator wrote. */
export const TENANT_PLACEHOLDER = '{tenant}';

export const holdsTenant = (text: string): boolean => text.includes(TENANT_PLACEHOLDER);

/** @param tenant a key (`isTenantKey`): nothing in it means anything to a URL, a host or a header */
export const fillTenant = (text: string, tenant: string): string =>
  text.replaceAll(TENANT_PLACEHOLDER, () => tenant);

/**
 * Whether a text can be a tenant: one lower-case label of letters, digits and `-`; a GUID is one. Everything that is filled
 * into a template has this form, whatever the list says.
 */
export const isTenantKey = (text: string): boolean => /^[a-z0-9-]{1,63}$/.test(text);

/** Which texts are tenants, by their characters and length. */
export interface TenantForm {
  readonly characters: string;
  readonly least: number;
  readonly most: number;
}

const FORM = /^\[((?:[a-z]-[a-z]|[0-9]-[0-9]|[a-z0-9])*-?)\]\{([0-9]{1,2}),([0-9]{1,2})\}$/;

/**
 * Reads `[a-z0-9-]{1,40}`: one class of lower-case letters, digits and `-`, and its bounds. No other pattern is one, so that
 * none can be slow, or match more than a label.
 */
export function parseTenantForm(text: string): TenantForm | undefined {
  const [, content, low, high] = FORM.exec(text) ?? [];
  if (content === undefined || content === '') return undefined;
  const [least, most] = [Number(low), Number(high)];
  if (least < 1 || most < least || most > 63) return undefined;
  let characters = '';
  for (const [item] of content.matchAll(/[a-z0-9]-[a-z0-9]|./g)) {
    const [first, last] = [item.charCodeAt(0), item.charCodeAt(item.length - 1)];
    if (last < first) return undefined;
    for (let code = first; code <= last; code += 1) characters += String.fromCharCode(code);
  }
  return { characters, least, most };
}

export const fitsForm = ({ characters, least, most }: TenantForm, tenant: string): boolean =>
  tenant.length >= least &&
  tenant.length <= most &&
  [...tenant].every((character) => characters.includes(character));
