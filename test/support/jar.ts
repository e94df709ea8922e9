import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { CookieJar } from 'tough-cookie';

/** What came back for one request; redirects are not followed. */
export interface Visit {
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** `Location`, made absolute. */
  readonly location: URL | undefined;
  readonly body: string;
}

export interface VisitOptions {
  readonly method?: string;
  /** Sent as they are, over the defaults of the kind of request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A form, or text that `headers` gives a type to. */
  readonly body?: URLSearchParams | string;
  /** This `Cookie` line in place of the jar's; the answer's cookies are not kept then. */
  readonly cookie?: string;
}

/**
 * A browser without a window: it keeps cookies by the rules of RFC 6265, finds `*.localhost` on 127.0.0.1 as browsers
 * do, and says what kind of request it makes. It follows nothing by itself.
 */
export class Jar {
  readonly #cookies = new CookieJar(undefined, { allowSpecialUseDomain: true, rejectPublicSuffixes: false });

  /** A page load: what typing an address, following a link or sending a form does. */
  page(url: string | URL, options: VisitOptions = {}): Promise<Visit> {
    return this.send(url, options, {
      Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
      'Sec-Fetch-Site': 'none',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
      'Sec-Fetch-User': '?1',
    });
  }

  /** A call of a script on a page of the same origin. */
  script(url: string | URL, options: VisitOptions = {}): Promise<Visit> {
    return this.send(url, options, {
      Accept: 'application/json',
      'Sec-Fetch-Site': 'same-origin',
      'Sec-Fetch-Mode': 'cors',
      'Sec-Fetch-Dest': 'empty',
    });
  }

  /** A request that says nothing about itself, as a program's. */
  async send(
    at: string | URL,
    options: VisitOptions = {},
    defaults: Readonly<Record<string, string>> = {},
  ): Promise<Visit> {
    const url = new URL(at);
    const { method = 'GET', body } = options;
    const cookie = options.cookie ?? (await this.cookie(url));
    const form =
      body instanceof URLSearchParams ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {};
    const visit = await exchange(
      url,
      method,
      { ...defaults, ...form, ...(cookie === '' ? {} : { Cookie: cookie }), ...options.headers },
      body?.toString(),
    );
    if (options.cookie === undefined) {
      for (const line of visit.headers['set-cookie'] ?? []) await this.#cookies.setCookie(line, url.href);
    }
    return visit;
  }

  /** The `Cookie` line that a request there would carry now; empty for none. */
  cookie(url: string | URL): Promise<string> {
    return this.#cookies.getCookieString(String(url));
  }
}

function exchange(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): Promise<Visit> {
  return new Promise((resolve, reject) => {
    const call = request({
      // Node asks a name server for `x.localhost`, which knows nothing of it.
      host: '127.0.0.1',
      port: url.port || 80,
      path: url.pathname + url.search,
      method,
      headers: {
        Host: url.host,
        ...headers,
        ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
      },
      agent: false,
      timeout: 10_000,
    });
    call.on('timeout', () => call.destroy(new Error(`no answer from ${url.host} within 10 s`)));
    call.on('error', reject);
    call.on('response', (res) => {
      const { location } = res.headers;
      text(res).then(
        (received) =>
          resolve({
            method,
            url,
            status: res.statusCode ?? 0,
            headers: res.headers,
            location: location === undefined ? undefined : new URL(location, url),
            body: received,
          }),
        reject,
      );
    });
    call.end(body);
  });
}
