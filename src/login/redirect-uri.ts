import type { LoginUrl, ProviderConfig } from '../config/config.ts';
import { fillTenant, holdsTenant } from '../document/tenant-text.ts';
import type { Visit } from '../outcome/visit.ts';

type Template = Pick<ProviderConfig, 'redirectUri'>;

/** Whether the redirect URI itself says the tenant. */
export const namesTenant = ({ redirectUri }: Template): boolean => holdsTenant(redirectUri ?? '');

/**
 * The redirect URI: the provider's template with the tenant filled in; else the login host's in the central shape, else the
 * host's own. INVARIANT: made of configured texts and of a tenant that exists, never of a header's scheme or port.
 * Does *not* check that the host of a template is the one that was asked: the rules were held against it when they were loaded.
 */
export function redirectUri(
  {
    origin,
    basePath,
    tenant,
  }: Pick<Visit, 'basePath' | 'tenant'> & { readonly origin: { readonly origin: string } },
  config: Template,
  loginUrl: LoginUrl | undefined,
): string {
  const template = config.redirectUri;
  // A host of the app that has no tenant has a callback of its own.
  if (template === undefined || (tenant === '' && holdsTenant(template)))
    return `${loginUrl?.origin ?? origin.origin}${basePath}/callback`;
  return fillTenant(template, tenant);
}

/** What a login says of the tenant to a provider whose redirect URI does not. */
export function acrValuesOf(
  config: Pick<ProviderConfig, 'acrValues' | 'redirectUri'>,
  tenant: string,
): readonly string[] {
  const { acrValues } = config;
  if (acrValues === undefined || namesTenant(config)) return [];
  if (tenant === '' && holdsTenant(acrValues)) return [];
  return fillTenant(acrValues, tenant).split(' ');
}
