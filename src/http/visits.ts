import { randomUUID } from 'node:crypto';
import type { LoginUrl } from '../config/config.ts';
import type { ForwardedRequest } from '../forwarded/forwarded-request.ts';
import { type PublicAddress, publicOrigin } from '../forwarded/public-origin.ts';
import { type RequestKind, requestKind } from '../forwarded/request-kind.ts';
import type { Visit } from '../outcome/visit.ts';
import type { Brand } from '../pages/page.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import type { Cookies } from '../session/cookies.ts';

export type Visits = (request: ForwardedRequest, door: Visit['door']) => Visit;

/** @param rules the rule set in force: asked at every visit, so that a swap takes effect at once */
export function createVisits(
  settings: {
    readonly public: PublicAddress | undefined;
    readonly basePath: string;
    readonly loginUrl?: LoginUrl | undefined;
  },
  rules: () => RuleSet,
  cookiesOf: (scheme: 'http' | 'https') => Cookies,
  brandOf: (app: App) => Brand,
): Visits {
  return (request, door) => {
    // The login host may be reached at another scheme or port than the apps: its own URL says so.
    const isLogin = request.host.name === settings.loginUrl?.host;
    const origin = publicOrigin(request.host, isLogin ? settings.loginUrl : settings.public);
    const cookies = cookiesOf(origin.scheme);
    const set = rules();
    const app = set.appFor(request.host.name);
    return new OneVisit({
      request,
      rules: set,
      door,
      origin,
      cookies,
      app,
      split: cookies.split(request.headers.cookie),
      basePath: settings.basePath,
      brandOf,
    });
  };
}

/** Makes what permits seldom ask for, the kind, the id and the brand, when it is asked for. */
class OneVisit implements Visit {
  readonly request: Visit['request'];
  readonly rules: Visit['rules'];
  readonly door: Visit['door'];
  readonly origin: Visit['origin'];
  readonly cookies: Visit['cookies'];
  readonly app: Visit['app'];
  readonly split: Visit['split'];
  readonly basePath: Visit['basePath'];
  readonly #brandOf: (app: App) => Brand;
  #kind: RequestKind | undefined;
  #requestId: string | undefined;

  constructor(
    parts: Omit<Visit, 'kind' | 'requestId' | 'brand'> & { readonly brandOf: (app: App) => Brand },
  ) {
    this.request = parts.request;
    this.rules = parts.rules;
    this.door = parts.door;
    this.origin = parts.origin;
    this.cookies = parts.cookies;
    this.app = parts.app;
    this.split = parts.split;
    this.basePath = parts.basePath;
    this.#brandOf = parts.brandOf;
  }

  get kind(): RequestKind {
    this.#kind ??= requestKind(this.request);
    return this.#kind;
  }

  get brand(): Brand {
    return this.app === undefined ? {} : this.#brandOf(this.app);
  }

  get requestId(): string {
    this.#requestId ??= randomUUID();
    return this.#requestId;
  }
}
