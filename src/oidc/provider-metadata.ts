import { BlockList, isIP } from 'node:net';
import { ProviderError } from './provider-error.ts';

/** A checked discovery document (OpenID Connect Discovery section 3). Frozen; unknown members are kept. */
export interface ProviderMetadata {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly [member: string]: unknown;
}

/** What is expected of the document. */
export interface MetadataTerms {
  readonly issuer: string;
  /** Scheme and host of our own calls, when they differ from the issuer's. */
  readonly internalUrl: string | undefined;
  /** `keys`: only the key set is needed, because nobody logs in at this issuer. */
  readonly purpose: 'login' | 'keys';
  /** Whether the provider is asked about tokens, so that an endpoint for it must be there. */
  readonly introspection?: boolean;
}

const ENDPOINTS = [
  { name: 'jwks_uri', caller: 'gateway', purposes: ['login', 'keys'], required: true },
  { name: 'token_endpoint', caller: 'gateway', purposes: ['login'], required: true },
  { name: 'authorization_endpoint', caller: 'browser', purposes: ['login'], required: true },
  { name: 'end_session_endpoint', caller: 'browser', purposes: ['login'], required: false },
  { name: 'revocation_endpoint', caller: 'gateway', purposes: ['login'], required: false },
  { name: 'introspection_endpoint', caller: 'gateway', purposes: ['login'], required: true },
] as const;

export const ISSUER_DIFFERS =
  'issuer differs from provider.issuer: they must be equal to the last character, a final slash included';

/**
 * Checks what discovery brought. The issuer is compared byte for byte (OpenID Connect Discovery section 4.3): the
 * library compares parsed URLs, so a final slash more would pass, and then count as the right `iss` of tokens.
 * @throws ProviderError('provider-unavailable') saying which member is wrong
 */
export function checkMetadata(
  document: Readonly<Record<string, unknown>>,
  terms: MetadataTerms,
): ProviderMetadata {
  if (document['issuer'] !== terms.issuer) {
    throw refuse(ISSUER_DIFFERS);
  }
  const bad = judgeEndpoints(document, terms).find(({ fault }) => fault !== undefined);
  if (bad !== undefined) throw refuse(`${bad.name} ${bad.fault}`);
  const methods = document['code_challenge_methods_supported'];
  // An absent list says nothing: many providers support PKCE without saying so.
  if (
    terms.purpose === 'login' &&
    methods !== undefined &&
    !(Array.isArray(methods) && methods.includes('S256'))
  ) {
    throw refuse('code_challenge_methods_supported lacks S256, without which no login is safe');
  }
  return Object.freeze({ ...document }) as ProviderMetadata;
}

/** An endpoint that the gateway would use, and what it has against it. */
export interface JudgedEndpoint {
  readonly name: (typeof ENDPOINTS)[number]['name'];
  /** Undefined where it is good. */
  readonly fault: string | undefined;
}

/** Judges every endpoint that the gateway would use, without those that may be missing and are. */
export const judgeEndpoints = (
  document: Readonly<Record<string, unknown>>,
  terms: MetadataTerms,
): readonly JudgedEndpoint[] =>
  ENDPOINTS.filter(
    ({ name, purposes, required }) =>
      (purposes as readonly string[]).includes(terms.purpose) &&
      (name !== 'introspection_endpoint' || terms.introspection === true) &&
      (required || document[name] !== undefined),
  ).map(({ name, caller }) => ({ name, fault: endpointFault(document[name], caller, terms) }));

const refuse = (fault: string): ProviderError =>
  new ProviderError('provider-unavailable', `the discovery document is refused: ${fault}`);

function endpointFault(
  value: unknown,
  caller: 'gateway' | 'browser',
  terms: MetadataTerms,
): string | undefined {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url === null) return 'is missing or no absolute URL';
  if (url.username !== '' || url.password !== '') return 'holds a user name or password';
  const issuer = new URL(terms.issuer);
  const internal = terms.internalUrl === undefined ? undefined : new URL(terms.internalUrl);
  if (caller === 'gateway' && url.origin === internal?.origin) return undefined;
  const schemes = issuer.protocol === 'http:' ? ['https:', 'http:'] : ['https:'];
  if (!schemes.includes(url.protocol)) return 'is no https URL';
  // The document could point our calls into the private network; only the configuration may do that.
  if (
    caller === 'gateway' &&
    issuer.protocol === 'https:' &&
    url.hostname !== issuer.hostname &&
    isPrivate(url)
  ) {
    return 'is at a private address: set provider.internalUrl if the provider is there';
  }
  return undefined;
}

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv6');
}

// Literals only: a name that resolves to a private address is the operator's DNS, not the document's doing.
function isPrivate({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  const family = isIP(host);
  return family !== 0 && PRIVATE.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
