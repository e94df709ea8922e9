import type { Config } from '../config/config.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { providerOfApp } from '../trust.ts';
import { type Note, notesAbout } from './finding.ts';
import { type Place, redirectUriOf } from './hosts.ts';
import { type Answer, isSilence, type Look, likelyCause, type Silence } from './look.ts';
import { protectedPath } from './protected-path.ts';
import {
  checkInPlace,
  checkReachable,
  forgedRequest,
  loginBegins,
  loginHost,
  type ProxyTerms,
  routerInPlace,
} from './proxy-seen.ts';

export interface ProxyParts {
  readonly config: Config;
  readonly ruleSet: RuleSet;
  readonly places: readonly Place[];
  /** Where the proxy is from here; undefined: where the hosts' names lead. */
  readonly proxy: URL | undefined;
  readonly look: Look;
}

const SCRIPT = { accept: 'application/json', 'user-agent': 'postern-doctor' };
const BROWSER = {
  accept: 'text/html,application/xhtml+xml',
  'user-agent': 'postern-doctor',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'none',
};

/** Visits every host through the proxy, as browsers, scripts and attackers do: only what can be seen from outside. */
export async function proxyNotes(parts: ProxyParts): Promise<readonly Note[]> {
  const { config, places } = parts;
  return (await Promise.all(places.map((place) => visit(place, parts, config)))).flat();
}

async function visit(place: Place, parts: ProxyParts, config: Config): Promise<readonly Note[]> {
  const { ruleSet, proxy, look } = parts;
  const { app, origin, host } = place;
  const notes = notesAbout('proxy', host);
  const { basePath, endpoints } = config;
  const ask = (path: string, headers: Readonly<Record<string, string>> = SCRIPT) =>
    look(origin + path, { headers, at: proxy });
  if (app === undefined) {
    const answer = await ask(`${basePath}/logged-out`);
    return isSilence(answer) ? [unreached(answer, place, proxy)] : [loginHost(answer, notes)];
  }
  const terms: ProxyTerms = {
    basePath,
    origin,
    endpoints,
    clientId: providerOfApp(config, app).clientId,
    redirectUri: redirectUriOf(config, place, providerOfApp(config, app).redirectUri),
    wanted: protectedPath(ruleSet, app),
    notes,
  };
  const path = terms.wanted?.path ?? '/';
  const signsIn = app.credentials.includes('session') && terms.wanted?.reason === 'login-needed';
  const [me, script, page, forged, ...checks] = await Promise.all([
    ask(`${basePath}/me`),
    ask(path),
    signsIn ? ask(path, BROWSER) : undefined,
    ask(path, {
      ...SCRIPT,
      'x-forwarded-method': 'GET',
      'x-forwarded-uri': `${basePath}/error`,
    }),
    ...checkPaths(terms).map((one) => ask(one)),
  ]);
  if (isSilence(script)) return [unreached(script, place, proxy)];
  const heard = <Seen>(answer: Answer | Silence | undefined, read: (answer: Answer) => Seen): Seen[] =>
    answer === undefined || isSilence(answer) ? [] : [read(answer)];
  const found = checkInPlace(script, terms);
  return [
    found.note,
    ...heard(me, (answer) => routerInPlace(answer, terms)),
    ...(found.by !== 'nobody' ? heard(page, (answer) => loginBegins(answer, terms)) : []),
    ...(found.by === 'gateway' ? heard(forged, (answer) => forgedRequest(answer, terms)) : []),
    ...checks.flatMap((answer, at) =>
      heard(answer, (seen) => checkReachable(seen, checkPaths(terms)[at] ?? '', terms)),
    ),
  ];
}

/** Where the check listener answers whoever reaches it. */
const checkPaths = ({ endpoints, basePath }: ProxyTerms): readonly string[] =>
  endpoints.map(
    (endpoint) =>
      ({
        traefik: '/verify',
        nginx: '/verify/nginx',
        envoy: `/verify/envoy${basePath}/error`,
      })[endpoint],
  );

function unreached({ failure }: Silence, { host, origin, guessed }: Place, proxy: URL | undefined): Note {
  const cause = likelyCause(failure);
  const where = proxy === undefined ? origin : `${proxy.origin} for ${origin}`;
  return notesAbout('proxy', host).problem(
    `${where} is not reached from here: ${failure}`,
    `If people do not reach it either, the app is down.${cause === undefined ? '' : ` Likely ${cause}.`}`,
    guessed
      ? 'say where the proxy is, the port too: --proxy http://127.0.0.1:8080'
      : 'check that the proxy runs; where it is at another address from here, say so: --proxy https://10.0.0.5',
  );
}
