import type { IncomingMessage, ServerResponse } from 'node:http';
import cookieSession from 'cookie-session';
import type { SigningRing } from './keys.ts';
import type { CookiePrefix } from './own-cookies.ts';

/**
 * Carries sealed texts in cookies by way of cookie-session, which signs and serialises them. It works on values:
 * cookie-session is given a request and a response that hold nothing but the cookie in question, since what it
 * writes by itself while reading (a re-signed `.sig` without SameSite) must never reach a browser.
 */
export interface CookieCarrier {
  /** @returns the text carried under this name among the client's own cookies, if its signature holds. */
  read(own: ReadonlyMap<string, string>, name: string): string | undefined;
  /** @returns the `Set-Cookie` lines that carry the text; undefined when they would not fit into 4096 bytes. */
  write(name: string, text: string, maxAge: number): readonly string[] | undefined;
  /** @returns the `Set-Cookie` lines that remove the cookie. */
  clear(name: string): readonly string[];
}

/** RFC 6265bis section 5.6: a browser drops a cookie whose name and value exceed 4096 bytes. */
const BROWSER_LIMIT = 4096;

/**
 * Every cookie passes cookie-session under this one name and is renamed outside: the cookies library keeps a regular
 * expression per name it ever read, and the names of login transactions are random.
 */
const INNER = 'c';

interface CarriedRequest {
  headers: { cookie?: string };
  protocol: string;
  session?: { t?: unknown } | null;
  /** Made by cookie-session for each request over the common ones. */
  sessionOptions: { maxAge?: number };
}

/** @param prefix decides Secure: cookies of the plain spelling are for http on loopback names only. */
export function createCookieCarrier(prefix: CookiePrefix, keys: SigningRing): CookieCarrier {
  const secure = prefix === '__Host-postern';
  const middleware = cookieSession({
    name: INNER,
    keys: keys as never, // any object with Keygrip's three calls will do
    secure,
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
  });
  const run = (
    maxAge: number,
    cookie: string | undefined,
    use: (request: CarriedRequest) => void,
  ): readonly string[] => {
    // cookie-session refuses to set a Secure cookie unless the request says https.
    const request: CarriedRequest = {
      headers: cookie === undefined ? {} : { cookie },
      protocol: 'https',
      sessionOptions: {},
    };
    let lines: readonly string[] = [];
    const response = {
      getHeader: (): readonly string[] => lines,
      setHeader: (_name: string, value: readonly string[]): void => {
        lines = value;
      },
      writeHead: (): void => undefined,
    };
    middleware(request as never, response as unknown as ServerResponse<IncomingMessage> as never, () => {
      request.sessionOptions.maxAge = maxAge * 1000;
      use(request);
    });
    response.writeHead();
    return lines;
  };
  const rename = (lines: readonly string[], name: string): readonly string[] =>
    lines.map((line) => `${name}${line.slice(INNER.length)}`);

  return {
    read(own, name) {
      const value = own.get(name);
      const signature = own.get(`${name}.sig`);
      if (value === undefined || signature === undefined) return undefined;
      let text: unknown;
      run(1, `${INNER}=${value}; ${INNER}.sig=${signature}`, (request) => {
        text = request.session?.t;
      });
      return typeof text === 'string' ? text : undefined;
    },
    write(name, text, maxAge) {
      const lines = rename(
        run(maxAge, undefined, (request) => {
          request.session = { t: text };
        }),
        name,
      );
      return lines.every((line) => line.indexOf(';') <= BROWSER_LIMIT + 1) ? lines : undefined;
    },
    clear: (name) =>
      rename(
        run(1, undefined, (request) => {
          request.session = null;
        }),
        name,
      ),
  };
}

/** @returns the bytes that `Set-Cookie` lines will take in a `Cookie` header, separators included. */
export const cookieBytes = (lines: readonly string[]): number =>
  lines.reduce((sum, line) => sum + line.indexOf(';') + 2, 0);
