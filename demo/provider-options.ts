import type { ClientMetadata, Configuration, Provider } from 'oidc-provider';

/** Scopes by audience. */
export type Holdings = Readonly<Record<string, readonly string[]>>;

/** Someone with an account at the provider. */
export interface Person {
  /** The subject (`sub`). */
  readonly id: string;
  readonly name: string;
  /** One or two words for the sign-in page. */
  readonly role: string;
  readonly holds: Holdings;
  /** Beside `sub`, `name`, `preferred_username`, `email` and `email_verified`, which are made from id and name. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** An API that access tokens are issued for (RFC 8707). */
export interface Resource {
  /** The resource indicator, and `aud` of the token. */
  readonly audience: string;
  readonly scopes: readonly string[];
  /** Default `jwt`: ES256, `typ: at+jwt` (RFC 9068). */
  readonly format?: 'jwt' | 'opaque';
  /** Seconds; default 600. */
  readonly lifetime?: number;
}

/** What `startProvider` may be told. */
export interface ProviderOptions {
  /** Default 0: any free one. */
  readonly port?: number;
  readonly clients: readonly ClientMetadata[];
  readonly people: readonly Person[];
  readonly resources: readonly Resource[];
  /** Which of the requested scopes a person is granted; default: those they hold. */
  readonly grants?: (person: Person, audience: string, requested: readonly string[]) => readonly string[];
  /** Which scopes a client may have for itself (client credentials); default: none. */
  readonly serviceGrants?: (clientId: string, audience: string) => readonly string[];
  /** Id of the person that is signed in without a page; see `RunningProvider.signInAs`. */
  readonly signedInAs?: string;
  /** Default `skip`. */
  readonly consent?: 'skip' | 'ask';
  /**
   * Authentication context classes that a sign-in can be of: one that `acr_values` names is asked for again and then is.
   * Default none: `acr_values` changes nothing.
   */
  readonly acr?: readonly string[];
  /** The provider's option of that name; default true. Without effect on tokens for an API: those leave it false. */
  readonly conformIdTokenClaims?: boolean;
  /** Called with the provider's event name and its error, which carries `error_detail`. */
  readonly onError?: (event: string, error: Error) => void;
  /** Called for every request, before it is answered. */
  readonly onRequest?: (method: string, url: string) => void;
  /** What follows the origin in the issuer: a path that it is mounted at, or a final slash. Default none. */
  readonly issuerPath?: string;
  /** Changes requests and answers, as a product does that is not like this one. */
  readonly middleware?: Parameters<Provider['use']>[0];
  /** Laid over everything above; `features`, `ttl` and `cookies` are merged one level deep. */
  readonly configuration?: Configuration;
}
