import { capitalised } from '../forwarded/raw-headers.ts';
import { listed, type Note, type Notes, shown } from './finding.ts';

/** Anything that the API lists. */
export type Item = Readonly<Record<string, unknown>>;

/** Bytes: no answer of the gateway is longer. */
const LONGEST_ANSWER = 16_384;

const PREFIX_OF_CHECKS = '/verify';

/**
 * The middlewares that ask the gateway, as Traefik's API shows them.
 * @param names every header that the gateway sets, lower case
 */
export function middlewareNotes(
  all: readonly Item[],
  names: ReadonlySet<string>,
  notes: Notes,
): readonly Note[] {
  const asking = all.filter((one) => isRecord(one['forwardAuth']));
  const ours = asking.filter(isOurs);
  if (ours.length > 0) return ours.flatMap((one) => oneMiddleware(one, names, notes));
  const addresses = asking.map((one) => `${nameOf(one)} asks ${shown(String(forwardAuth(one)['address']))}`);
  return [
    notes.problem(
      addresses.length === 0
        ? 'there is no forwardAuth middleware'
        : `no forwardAuth middleware leads to ${PREFIX_OF_CHECKS}: ${listed(addresses)}`,
      'Nothing asks the gateway, so apps are open or unreachable.',
      'add the middleware that `postern proxy traefik-file` prints, its address ending in /verify',
    ),
  ];
}

function oneMiddleware(one: Item, names: ReadonlySet<string>, notes: Notes): readonly Note[] {
  const auth = forwardAuth(one);
  const name = nameOf(one);
  const copied = lowerTexts(auth['authResponseHeaders']);
  const missing = [...names].filter((header) => !copied.includes(header));
  const sent = lowerTexts(auth['authRequestHeaders']);
  const kept = ['cookie', 'authorization', 'accept', 'origin'].filter((header) => !sent.includes(header));
  const limit = auth['maxResponseBodySize'];
  const found: Note[] = [];
  if (one['status'] !== 'enabled')
    found.push(
      notes.problem(
        `${name} is ${shown(String(one['status']))}: ${listed(textsOf(one['error']))}`,
        'Routers with a broken middleware answer 404.',
        'correct it; `postern proxy traefik-file` prints one',
      ),
    );
  if (textsOf(one['usedBy']).length === 0)
    found.push(
      notes.problem(
        `${name} is used by no router`,
        'What is not asked about is not protected.',
        'add it to `middlewares` of the router of each app, as the first that answers',
      ),
    );
  if (missing.length > 0 && auth['authResponseHeadersRegex'] === undefined)
    found.push(
      notes.problem(
        `authResponseHeaders of ${name} lacks ${listed(missing.map(capitalised))}`,
        whyMissing(missing),
        'use the list that `postern proxy traefik-file` prints for these rules',
      ),
    );
  if (missing.length > 0 && auth['authResponseHeadersRegex'] !== undefined)
    found.push(
      notes.open(
        `whether authResponseHeadersRegex of ${name} covers ${listed(missing.map(capitalised))}`,
        'name them in authResponseHeaders',
      ),
    );
  found.push(...trustNotes(auth, name, notes));
  if (sent.length > 0 && kept.length > 0)
    found.push(
      notes.problem(
        `authRequestHeaders of ${name} keeps ${listed(kept.map(capitalised))} from the gateway`,
        'It cannot see who is asking, and how.',
        'remove authRequestHeaders, so that all are passed on',
      ),
    );
  if (typeof limit === 'number' && limit >= 0 && limit < LONGEST_ANSWER)
    found.push(
      notes.problem(
        `maxResponseBodySize of ${name} is ${limit}`,
        `Pages of the gateway have up to ${LONGEST_ANSWER} bytes; Traefik shows an empty 401 in place of a longer one.`,
        'write maxResponseBodySize: 65536',
      ),
    );
  if (auth['authSigninURL'] !== undefined && auth['authSigninURL'] !== '')
    found.push(
      notes.warning(
        `${name} has an authSigninURL`,
        'It takes the place of every 401 of the gateway, whose cookies are lost, and scripts get a redirect.',
        'remove it: the gateway sends people to sign in by itself',
      ),
    );
  return found.some(({ level }) => level === 'problem')
    ? found
    : [
        notes.ok(`${name} asks ${shown(String(auth['address']))} and copies every header of the rules`),
        ...found,
      ];
}

function whyMissing(missing: readonly string[]): string {
  const spoofed = missing.filter((name) => name !== 'cookie' && name !== 'authorization');
  return [
    ...(missing.includes('cookie') ? ["Without Cookie apps receive the gateway's session cookies."] : []),
    ...(missing.includes('authorization')
      ? ['Without Authorization apps get no access token, and believe whatever a client sends there.']
      : []),
    ...(spoofed.length > 0 ? ['What is not listed is not deleted: a client can set it itself.'] : []),
  ].join(' ');
}

function trustNotes({ trustForwardHeader: trusts }: Item, name: string, notes: Notes): readonly Note[] {
  if (trusts === true)
    return [
      notes.warning(
        `${name} has trustForwardHeader: true`,
        'Where Traefik trusts who connects, a client chooses by X-Forwarded-Uri which page is checked.',
        'write trustForwardHeader: false; or, behind a balancer, keep the cleaner of traefik/README.md before it',
      ),
    ];
  if (trusts === false) return [];
  return [
    notes.warning(
      `${name} does not say trustForwardHeader`,
      'Traefik then passes on some of what a client says about its own request.',
      'write trustForwardHeader: false',
    ),
  ];
}

/** Routers of the rules' hosts that nothing checks. */
export function routerNotes(
  routers: readonly Item[],
  middlewares: readonly Item[],
  { hosts, basePath }: { readonly hosts: readonly string[]; readonly basePath: string },
  notes: Notes,
): readonly Note[] {
  const byName = new Map(middlewares.map((one) => [nameOf(one), one]));
  const uses = (names: readonly string[], wanted: (one: Item) => boolean, depth = 0): boolean =>
    names.some((name) => {
      const one = byName.get(name);
      if (one === undefined || depth > MOST_CHAINS) return false;
      const chained = isRecord(one['chain']) ? textsOf(one['chain']['middlewares']) : [];
      return wanted(one) || uses(chained, wanted, depth + 1);
    });
  const open = routers.filter((router) => {
    const rule = String(router['rule']);
    const named = hosts.filter((host) => rule.includes(`(\`${host}\`)`));
    // The gateway's own pages, and the way from http to https, need no check.
    if (named.length === 0 || rule.includes(`PathPrefix(\`${basePath}\`)`)) return false;
    const own = textsOf(router['middlewares']);
    return !uses(own, isOurs) && !uses(own, (one) => 'redirectScheme' in one);
  });
  const broken = routers.filter(
    (router) =>
      router['status'] === 'disabled' && hosts.some((host) => String(router['rule']).includes(`\`${host}\``)),
  );
  return [
    ...open
      .filter((router) => !broken.includes(router))
      .map((router) =>
        notes.problem(
          `router ${nameOf(router)} (${shown(String(router['rule']))}) does not ask the gateway`,
          'What it matches is open to everybody.',
          'add the middleware to it, unless that is meant',
        ),
      ),
    ...broken.map((router) =>
      notes.problem(
        `router ${nameOf(router)} is disabled: ${listed(textsOf(router['error']))}`,
        'Traefik answers 404 for it.',
        'correct it',
      ),
    ),
  ];
}

const MOST_CHAINS = 5;

/** Entry points that believe clients. */
export function entryPointNotes(
  all: readonly Item[],
  middlewares: readonly Item[],
  notes: Notes,
): readonly Note[] {
  const trusting = middlewares.filter(isOurs).some((one) => forwardAuth(one)['trustForwardHeader'] !== false);
  return all.flatMap((one) => {
    const name = nameOf(one);
    const forwarded = isRecord(one['forwardedHeaders']) ? one['forwardedHeaders'] : {};
    const http = isRecord(one['http']) ? one['http'] : {};
    const connection = lowerTexts(forwarded['connection']);
    const insecure = forwarded['insecure'] === true;
    return [
      ...(insecure && trusting
        ? [
            notes.problem(
              `entry point ${name} has forwardedHeaders.insecure, and a middleware trusts what it passes on`,
              'Any client chooses which page is checked.',
              'remove `insecure`; name the balancer in trustedIPs if there is one',
            ),
          ]
        : []),
      ...(insecure && !trusting
        ? [
            notes.warning(
              `entry point ${name} has forwardedHeaders.insecure`,
              'Apps believe what any client says about its address and scheme.',
              'remove `insecure`; name the balancer in trustedIPs if there is one',
            ),
          ]
        : []),
      ...(connection.length > 0
        ? [
            notes.warning(
              `entry point ${name} has forwardedHeaders.connection`,
              'A client can delete with it what the gateway says about it.',
              'remove it',
            ),
          ]
        : []),
      ...(http['sanitizePath'] === false
        ? [
            notes.warning(
              `entry point ${name} has sanitizePath: false`,
              'Paths with `..` and `//` reach the gateway, which refuses them with 400, and routers match them as they are.',
              'write http.sanitizePath: true',
            ),
          ]
        : []),
    ];
  });
}

const isRecord = (value: unknown): value is Item =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const forwardAuth = (one: Item): Item => (isRecord(one['forwardAuth']) ? one['forwardAuth'] : {});

/** Whether it asks a gateway: by the path of its address. */
const isOurs = (one: Item): boolean => {
  const url = URL.parse(String(forwardAuth(one)['address']));
  return url !== null && (url.pathname === PREFIX_OF_CHECKS || url.pathname === `${PREFIX_OF_CHECKS}/`);
};

const nameOf = ({ name }: Item): string => (typeof name === 'string' ? shown(name) : 'without a name');

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

const lowerTexts = (value: unknown): readonly string[] => textsOf(value).map((item) => item.toLowerCase());
