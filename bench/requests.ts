/** Who asks, and how: what a proxy passes on of a client's request. */
export type Manner = 'page' | 'script' | 'program';

export interface Asked {
  /** Default `page`. */
  readonly manner?: Manner;
  /** The target on the protected host. */
  readonly target?: string;
  /** The client's cookies, beside those of the app itself. */
  readonly cookie?: string;
  readonly bearer?: string;
}

/** The protected host, as browsers name it: https on 443. */
export const HOST = 'shop.bench.example';
export const ORIGIN = `https://${HOST}`;

const BROWSER = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9',
  'Sec-Ch-Ua: "Chromium";v="141", "Not?A_Brand";v="8"',
  'Sec-Ch-Ua-Mobile: ?0',
  'Sec-Ch-Ua-Platform: "Linux"',
  'Sec-Fetch-Site: same-origin',
];

const MANNERS: Readonly<Record<Manner, readonly string[]>> = {
  page: [
    ...BROWSER,
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    'Sec-Fetch-Mode: navigate',
    'Sec-Fetch-Dest: document',
    'Sec-Fetch-User: ?1',
    'Upgrade-Insecure-Requests: 1',
  ],
  script: [
    ...BROWSER,
    'Accept: application/json',
    'Sec-Fetch-Mode: cors',
    'Sec-Fetch-Dest: empty',
    `Referer: ${ORIGIN}/account/`,
  ],
  program: ['User-Agent: robot/1.0', 'Accept: application/json', 'Accept-Encoding: gzip'],
};

const TARGET = '/api/orders/4711/lines?page=2&sort=date';

/** @returns the bytes of a check as Traefik asks it: the client's own headers, and the proxy's forwarded ones. */
export function checkRequest(asked: Asked, url = 'http://127.0.0.1:4180/verify'): Buffer {
  const { manner = 'page', target = TARGET, cookie, bearer } = asked;
  const { pathname, search, host } = new URL(url);
  const cookies = [
    ...(manner === 'program' ? [] : ['theme=dark']),
    ...(cookie === undefined ? [] : [cookie]),
  ];
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    ...MANNERS[manner],
    ...(cookies.length === 0 ? [] : [`Cookie: ${cookies.join('; ')}`]),
    ...(bearer === undefined ? [] : [`Authorization: Bearer ${bearer}`]),
    'X-Forwarded-For: 203.0.113.7',
    `X-Forwarded-Host: ${HOST}`,
    'X-Forwarded-Method: GET',
    'X-Forwarded-Port: 443',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Server: proxy-7f9c',
    `X-Forwarded-Uri: ${target}`,
    'X-Real-Ip: 203.0.113.7',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
