import type { Middleware } from 'koa';
import type { ProviderOptions } from '../../../demo/provider-options.ts';

/** What a product does that oidc-provider, which stands in for it, does not do by itself. */
export interface Shape {
  readonly issuerPath: string;
  /** Paths of the endpoints below the issuer, as oidc-provider names them. */
  readonly routes: Readonly<Record<string, string>>;
  /** Audiences of the two APIs, as its tokens spell them. */
  readonly shop: string;
  readonly ops: string;
  /** Scopes of a token as a rule names them. */
  readonly read: string;
  readonly write: string;
  readonly metrics: string;
  /** The resource indicator that stands behind an audience inside. */
  readonly resourceOf: (audience: string) => string;
  /** Makes of a product's authorization request what oidc-provider understands. */
  readonly authorization?: (query: URLSearchParams) => void;
  /** Changes an access token before it is signed. */
  readonly token: (token: ShapedToken) => void;
  readonly discovery?: (metadata: Record<string, unknown>) => void;
  /** Changes the address that the browser is sent to with the answer. */
  readonly answer?: (location: URL) => void;
}

export interface ShapedToken {
  readonly header: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
  readonly issuer: string;
  readonly isService: boolean;
}

/** @returns a middleware that makes requests and answers those of the product. */
export const shaping =
  (shape: Shape): Middleware =>
  async (ctx, next) => {
    const { pathname, searchParams } = new URL(ctx.req.url ?? '/', 'http://op');
    if (pathname === shape.routes['authorization'] && shape.authorization !== undefined) {
      shape.authorization(searchParams);
      ctx.req.url = `${pathname}?${searchParams}`;
      // What it is mounted at is found by taking the one from the other.
      const mount = shape.issuerPath.replace(/\/$/, '');
      Object.assign(ctx.req, { originalUrl: `${mount}${ctx.req.url}` });
    }
    await next();
    if (pathname === '/.well-known/openid-configuration' && shape.discovery !== undefined) {
      const metadata = { ...(ctx.body as Record<string, unknown>) };
      shape.discovery(metadata);
      ctx.body = metadata;
    }
    const location = ctx.response.get('Location') ?? '';
    if (shape.answer !== undefined && location.includes('/_auth/callback')) {
      const url = new URL(location);
      shape.answer(url);
      ctx.set('Location', url.href);
    }
  };

/** @returns the options of an oidc-provider in this shape. */
export const shapedOptions = (
  shape: Shape,
): Pick<ProviderOptions, 'issuerPath' | 'middleware' | 'configuration'> => ({
  issuerPath: shape.issuerPath,
  middleware: shaping(shape),
  configuration: {
    routes: shape.routes,
    formats: {
      customizers: {
        jwt: (ctx, token, jwt) => {
          jwt.header ??= {};
          shape.token({
            header: jwt.header as Record<string, unknown>,
            payload: jwt.payload as Record<string, unknown>,
            issuer: ctx.oidc.provider.issuer,
            isService: token.kind === 'ClientCredentials',
          });
        },
      },
    },
  } as NonNullable<ProviderOptions['configuration']>,
});
