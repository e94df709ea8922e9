import type { TenantForm } from '../document/tenant-text.ts';

/** The configuration as the program uses it: complete, checked, frozen. Secrets live apart, in `Secrets`. */
export interface Config {
  readonly listen: Address;
  readonly pagesListen: Address;
  readonly adminListen: Address;
  readonly endpoints: readonly ('traefik' | 'nginx' | 'envoy')[];
  /** Addresses, CIDRs, or the words `loopback` and `private`. */
  readonly trustedProxies: readonly string[];
  /** Where the one redirect URI of the central shape is; undefined: each host has its own. */
  readonly loginUrl: LoginUrl | undefined;
  /** Begins with `/`, no final slash: `/_auth`. */
  readonly basePath: string;
  /** Undefined when not configured: then https on 443, and http on any port for loopback names. */
  readonly public: { readonly scheme: 'http' | 'https'; readonly port: number } | undefined;
  readonly insecureHttp: boolean;
  /** Absolute path of a folder or one file. */
  readonly rules: string;
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  /** Undefined: nothing is told apart by tenant. */
  readonly tenants: TenantsConfig | undefined;
  readonly session: SessionConfig;
  readonly exchanges: readonly ExchangeConfig[];
  readonly federation: readonly FederationConfig[];
  /** Seconds. */
  readonly clockTolerance: number;
  readonly log: { readonly level: LogLevel; readonly decisions: 'denied' | 'all' | 'none' };
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** An origin, whole and in its parts. */
export interface LoginUrl {
  /** Serialised: `https://login.example.com`. */
  readonly origin: string;
  /** Canonical host name. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  readonly port: number;
}

export interface TenantsConfig {
  /** Where a request says its tenant: the label that `{tenant}` captures of the host, or the first segment of the path. */
  readonly in: 'host' | 'path';
  /** The only tenants there are, as of the start; undefined: every text of the form. */
  readonly list: readonly string[] | undefined;
  /** Absolute path of the file that holds the list; undefined when the configuration itself has it. */
  readonly file: string | undefined;
  readonly form: TenantForm | undefined;
  /** The claim of access tokens that must equal the tenant; undefined when none is compared. */
  readonly claim: string | undefined;
}

/** Durations are seconds. */
export interface SessionConfig {
  readonly store: 'cookie' | 'memory' | 'redis';
  readonly maxAge: number;
  /** Undefined: a session that is not used lives on. */
  readonly idle: number | undefined;
  /** How long sessions go on that were read before the store stopped answering. */
  readonly storeGrace: number;
  readonly refresh: boolean;
  /** Defined with `store: redis`, and only then. */
  readonly redis: RedisConfig | undefined;
}

export interface RedisConfig {
  /** A name or an address; with sentinels the name that they know the primary by. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Certificate authorities in place of the system's, PEM. */
  readonly ca: string | undefined;
  readonly database: number;
  readonly username: string | undefined;
  readonly keyPrefix: string;
  readonly sentinel:
    | { readonly nodes: readonly Address[]; readonly username: string | undefined }
    | undefined;
}

export interface ProviderConfig {
  readonly name: string;
  readonly kind: 'generic' | 'auth0' | 'proauth' | 'keycloak' | 'entra';
  readonly issuer: string;
  /** Scheme and host of our own calls, in place of the issuer's; undefined: the same. */
  readonly internalUrl: string | undefined;
  /** Certificate authorities in place of the system's, PEM. */
  readonly ca: string | undefined;
  readonly enabled: boolean;
  readonly clientId: string;
  readonly clientAuth: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';
  readonly audienceParameter: 'resource' | 'audience' | 'none';
  /** How the token of a further audience is fetched: by a login, with the refresh token of an earlier one, or for the token of another. */
  readonly moreAudiences: 'redirect' | 'refresh' | 'exchange';
  /** Whether `offline_access` is asked for with `prompt=consent`. */
  readonly offlineConsent: boolean;
  /** How a scope of the rules is written in an authorization request: `{audience}`, `{scope}`. */
  readonly scopeTemplate: string;
  /** A template; undefined: the callback of the host, or of the login host. */
  readonly redirectUri: string | undefined;
  /** A template, added to `acr_values`. */
  readonly acrValues: string | undefined;
  readonly postLogoutRedirectUri: string | undefined;
  /** What the gateway's pages show of the client; https URLs. */
  readonly brand: {
    readonly name?: string;
    readonly uri?: string;
    readonly logo?: string;
    /** Where people find help: an https or mailto address. */
    readonly support?: string;
  };
  /** Of every authorization request, beside those that the gateway sets. */
  readonly authorizationParameters: Readonly<Record<string, string>>;
  /** Of every login that may show a page. */
  readonly prompt: 'login' | 'consent' | 'select_account' | undefined;
  readonly uiLocales: readonly string[] | undefined;
  /** The operator's own notes. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly idTokenAlg: string;
  readonly tokens: TokenProfile;
  /** Whether the provider is asked about bearer tokens that are no JWTs. */
  readonly introspection: boolean;
}

/** Which access token may be exchanged for which (RFC 8693); texts are compared to the letter. */
export interface ExchangeConfig {
  readonly name: string;
  /** Name of the provider that is asked; undefined: the app's. */
  readonly provider: string | undefined;
  readonly from: { readonly issuer: string; readonly audience: string };
  readonly to: { readonly audience: string; readonly scopes: readonly string[] };
  /** Whether a bearer token may be exchanged as well. */
  readonly bearer: boolean;
}

/** A service of another issuer whose tokens are exchanged; texts are compared to the letter. */
export interface FederationConfig {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** Name of the exchange. */
  readonly exchange: string;
}

export interface TokenProfile {
  readonly profile: 'rfc9068' | 'jwt';
  readonly algorithms: readonly string[];
  readonly scopeClaim: 'scope' | 'scp' | 'permissions';
  readonly audienceIsClient: boolean;
}

/** Kept apart from `Config`, so that a dump of the configuration cannot hold one. */
export interface Secrets {
  /** The first seals; all open. At least one, each of 32 bytes or more. */
  readonly session: readonly string[];
  /** By provider name; the first that has not expired is used. */
  readonly clients: ReadonlyMap<string, readonly ClientSecret[]>;
  readonly redis: RedisPasswords;
}

export interface RedisPasswords {
  readonly password: string | undefined;
  readonly sentinelPassword: string | undefined;
}

export interface ClientSecret {
  readonly value: string;
  /** Unix seconds; undefined: never. */
  readonly expiresAt: number | undefined;
}
