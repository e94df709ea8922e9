import { CookieJar } from 'tough-cookie';
import type { Answer, World } from './world.ts';

/** How a request is made; the headers a browser would send with it. */
export type Manner = 'page' | 'script' | 'form' | 'frame' | 'websocket' | 'events' | 'plain';

const MANNERS: Readonly<Record<Manner, readonly string[]>> = {
  page: [
    'Accept',
    'text/html,*/*;q=0.8',
    'Sec-Fetch-Mode',
    'navigate',
    'Sec-Fetch-Dest',
    'document',
    'Sec-Fetch-Site',
    'none',
    'Sec-Fetch-User',
    '?1',
  ],
  script: [
    'Accept',
    '*/*',
    'Sec-Fetch-Mode',
    'cors',
    'Sec-Fetch-Dest',
    'empty',
    'Sec-Fetch-Site',
    'same-origin',
  ],
  form: [
    'Accept',
    'text/html',
    'Sec-Fetch-Mode',
    'navigate',
    'Sec-Fetch-Dest',
    'document',
    'Sec-Fetch-Site',
    'same-origin',
  ],
  frame: [
    'Accept',
    'text/html',
    'Sec-Fetch-Mode',
    'navigate',
    'Sec-Fetch-Dest',
    'iframe',
    'Sec-Fetch-Site',
    'same-origin',
  ],
  websocket: [
    'Sec-WebSocket-Key',
    'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version',
    '13',
    'Sec-Fetch-Mode',
    'websocket',
  ],
  events: ['Accept', 'text/event-stream', 'Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'empty'],
  plain: [],
};

export interface Ask {
  readonly method?: string;
  readonly manner?: Manner;
  /** More header lines, names and values in turn. */
  readonly lines?: readonly string[];
  /** False sends none of the jar's cookies. */
  readonly cookies?: boolean;
}

/** What a browser needs of a world. */
export type Asked = Pick<World, 'send' | 'issuer'>;

/** A browser with one jar, behind a proxy that asks the check about every request as Traefik does. */
export class Browser {
  readonly jar: CookieJar;
  readonly world: Asked;

  constructor(
    world: Asked,
    jar = new CookieJar(undefined, { prefixSecurity: 'strict', allowSpecialUseDomain: true }),
  ) {
    this.world = world;
    this.jar = jar;
  }

  /** Another browser with the same cookies as of now. */
  copy(world = this.world): Browser {
    return new Browser(world, this.jar.cloneSync() as CookieJar);
  }

  /** Forgets the cookies whose name matches. */
  async forget(url: string, name: RegExp): Promise<void> {
    for (const { key, path } of await this.jar.getCookies(url))
      if (name.test(key)) await this.jar.setCookie(`${key}=; Path=${path}; Max-Age=0`, url);
  }

  /** Names of the cookies it would send. */
  cookieNames(url: string): readonly string[] {
    return this.jar.getCookiesSync(url).map(({ key }) => key);
  }

  cookieHeader(url: string): string {
    return this.jar.getCookieStringSync(url);
  }

  async #keep(answer: Answer, url: string): Promise<Answer> {
    for (const line of answer.setCookie) await this.jar.setCookie(line, url);
    return answer;
  }

  #lines(url: URL, { manner = 'page', lines = [], cookies = true }: Ask): string[] {
    const cookie = cookies ? this.cookieHeader(url.href) : '';
    return [...MANNERS[manner], ...(cookie === '' ? [] : ['Cookie', cookie]), ...lines];
  }

  /** What the proxy asks about a request to this URL. */
  async check(href: string, ask: Ask = {}): Promise<Answer> {
    const url = new URL(href);
    const target = href.slice(href.indexOf(url.host) + url.host.length);
    const answer = await this.world.send('listen', '/verify', [
      ...['X-Forwarded-Method', ask.method ?? 'GET', 'X-Forwarded-Proto', url.protocol.slice(0, -1)],
      ...['X-Forwarded-Host', url.host, 'X-Forwarded-Uri', target],
      ...this.#lines(url, ask),
    ]);
    return this.#keep(answer, href);
  }

  /** A request that the extra router sends to the pages listener. */
  async page(href: string, ask: Ask = {}): Promise<Answer> {
    const url = new URL(href);
    const lines = ['Host', url.host, ...this.#lines(url, ask)];
    const answer = await this.world.send(
      'pagesListen',
      `${url.pathname}${url.search}`,
      lines,
      ask.method ?? 'GET',
    );
    return this.#keep(answer, href);
  }

  /**
   * Follows the provider's own redirects from an authorization request to the callback URL; ends before it is opened.
   * @param decide what is sent where the provider shows a page
   */
  async atProvider(location: string, decide?: Readonly<Record<string, string>>): Promise<string> {
    let url = location;
    let form: URLSearchParams | undefined;
    for (let hop = 0; hop < 12; hop += 1) {
      if (!url.startsWith(this.world.issuer)) return url;
      const headers = { cookie: this.cookieHeader(url) };
      const sent = form === undefined ? {} : { method: 'POST', body: form };
      const response = await fetch(url, { redirect: 'manual', headers, ...sent });
      for (const line of response.headers.getSetCookie()) await this.jar.setCookie(line, url);
      const next = response.headers.get('location');
      if (next === null && form === undefined && decide !== undefined) {
        form = new URLSearchParams(decide);
        continue;
      }
      form = undefined;
      if (next === null)
        throw new Error(`the provider stays at ${new URL(url).pathname}: ${await response.text()}`);
      url = new URL(next, url).href;
    }
    throw new Error('the provider redirects without end');
  }

  /** Opens a page and signs in; @returns the answer of the callback. */
  async signIn(href: string): Promise<Answer> {
    const started = await this.check(href);
    if (started.status !== 302) throw new Error(`no login at ${href}: ${started.status} ${started.reason}`);
    return this.check(await this.atProvider(String(started.headers.location)));
  }
}
