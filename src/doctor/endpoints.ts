import type { ProviderConfig } from '../config/config.ts';
import { ProviderError } from '../oidc/provider-error.ts';
import {
  checkMetadata,
  type JudgedEndpoint,
  judgeEndpoints,
  type MetadataTerms,
} from '../oidc/provider-metadata.ts';
import { type Document, text } from './document.ts';
import { type Note, type Notes, shown } from './finding.ts';

/** The address of a discovery document (OpenID Connect Discovery section 4), as the gateway asks for it. */
export function discoveryUrl(issuer: string): string {
  const url = new URL(issuer);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/.well-known/openid-configuration`;
  return url.href;
}

/** Compares the issuer byte for byte (RFC 8414 section 3.3), the final slash included. */
export function issuerNotes(document: Document, issuer: string, notes: Notes): readonly Note[] {
  const named = document['issuer'];
  if (named === issuer) return [notes.ok(`the issuer is spelled alike: ${issuer}`)];
  const spelled = typeof named === 'string' ? shown(named) : undefined;
  const slash =
    spelled !== undefined && spelled.replace(/\/$/, '') === issuer.replace(/\/$/, '')
      ? ' They differ in the final slash alone.'
      : '';
  return [
    notes.problem(
      spelled === undefined
        ? 'the discovery document names no issuer'
        : `the discovery document says issuer ${spelled}, the configuration ${issuer}`,
      `Tokens carry the provider's spelling, and it must be equal to the last character: no sign-in and no token is good.${slash}`,
      spelled === undefined
        ? 'check that provider.issuer is the issuer of an OpenID provider'
        : `if that is the provider that you mean, write provider.issuer: ${spelled}`,
    ),
  ];
}

const PREFIX = 'the discovery document is refused: ';

/** People meet them in this order, and the others after them. */
const FIRST = ['authorization_endpoint', 'token_endpoint'];
const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

/** Where the endpoints are, by the gateway's own rules: https, and no private address that the configuration did not name. */
export function endpointNotes(document: Document, terms: MetadataTerms, notes: Notes): readonly Note[] {
  const judged = judgeEndpoints(document, terms).toSorted((a, b) => rank(a.name) - rank(b.name));
  const faults = judged.filter(({ fault }) => fault !== undefined);
  if (faults.length > 0)
    return faults.map(({ name, fault }) =>
      notes.problem(
        `${name} ${fault}: ${address(text(document, name))}`,
        'The gateway takes no such document: calls could go out unencrypted, or to a server inside your network.',
        'correct it at the provider; provider.internalUrl is for a provider that is reached at another address',
      ),
    );
  const hosts = new Map<string, string[]>();
  for (const { name } of judged) {
    const { host } = new URL(text(document, name) ?? '');
    hosts.set(host, [...(hosts.get(host) ?? []), name]);
  }
  return [notes.ok([...hosts].map(([host, names]) => `${host} has ${names.join(', ')}`).join('; '))];
}

/** @returns an address to show, without user name and password */
const address = (value: string | undefined): string =>
  value === undefined ? 'not a text' : shown(value.replace(/\/\/[^/@]*@/, '//…@'));

/** @returns an endpoint of the document, if the gateway would call it */
export const goodEndpoint = (
  document: Document,
  name: JudgedEndpoint['name'],
  terms: MetadataTerms,
): string | undefined =>
  judgeEndpoints(document, terms).some((one) => one.name === name && one.fault === undefined)
    ? text(document, name)
    : undefined;

/** @returns the first thing for which the gateway refuses a whole document */
export function documentFault(document: Document, terms: MetadataTerms): string | undefined {
  try {
    checkMetadata(document, terms);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return error.message.replace(PREFIX, '');
  }
}

/** @returns what the gateway expects of the discovery document of a provider */
export const metadataTerms = ({ issuer, internalUrl, introspection }: ProviderConfig): MetadataTerms => ({
  issuer,
  internalUrl,
  purpose: 'login',
  introspection,
});
