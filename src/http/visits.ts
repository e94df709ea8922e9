import { randomUUID } from 'node:crypto';
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
  settings: { readonly public: PublicAddress | undefined; readonly basePath: string },
  rules: () => RuleSet,
  cookiesOf: (scheme: 'http' | 'https') => Cookies,
  brandOf: (app: App) => Brand,
): Visits {
  return (request, door) => {
    const origin = publicOrigin(request.host, settings.public);
    const cookies = cookiesOf(origin.scheme);
    const app = rules().appFor(request.host.name);
    let kind: RequestKind | undefined;
    return {
      request,
      door,
      origin,
      cookies,
      // Only answers that are no permits ask.
      get kind() {
        kind ??= requestKind(request);
        return kind;
      },
      app,
      brand: app === undefined ? {} : brandOf(app),
      split: cookies.split(request.headers.cookie),
      requestId: randomUUID(),
      basePath: settings.basePath,
    };
  };
}
