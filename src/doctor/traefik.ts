import { configuredNames } from '../outcome/permit.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { createBoundedFetch, type Fetch } from '../token/bounded-fetch.ts';
import { type Fetched, fetchJson } from './document.ts';
import { type Note, notesAbout } from './finding.ts';
import { PATIENCE } from './look.ts';
import { entryPointNotes, type Item, middlewareNotes, routerNotes } from './traefik-seen.ts';
import { traefikVersionNote } from './traefik-version.ts';

const MAX_BYTES = 16_777_216;
/** More of anything than this are not looked at. */
const PAGE = 10_000;

/** @param api where Traefik's API answers: `http://127.0.0.1:8080`, with or without `/api` */
export async function traefikNotes(
  api: URL,
  ruleSet: RuleSet,
  basePath: string,
  fetch: Fetch,
  now: () => number,
): Promise<readonly Note[]> {
  const notes = notesAbout('traefik', api.host);
  const bounded = createBoundedFetch({ fetch, timeout: PATIENCE, maxBytes: MAX_BYTES });
  const base = api.origin + api.pathname.replace(/\/$/, '').replace(/\/api$/, '');
  const ask = (path: string) => fetchJson(wrapped(bounded), `${base}/api/${path}`, now);
  const [version, middlewares, routers, entryPoints] = await Promise.all([
    ask('version'),
    ask(`http/middlewares?per_page=${PAGE}`),
    ask(`http/routers?per_page=${PAGE}`),
    ask(`entrypoints?per_page=${PAGE}`),
  ]);
  const failed = [version, middlewares, routers, entryPoints].find((one) => 'failure' in one);
  if (failed !== undefined && 'failure' in failed)
    return [
      notes.problem(
        `the API gives ${failed.failure}`,
        'So nothing is known of the middlewares.',
        'start Traefik with `api: { insecure: true }` on an entry point that only this machine reaches, and name that: --traefik-api http://127.0.0.1:8080',
      ),
    ];
  const names = new Set(ruleSet.apps.flatMap((app) => [...configuredNames(app)]));
  const all = itemsOf(middlewares);
  return [
    traefikVersionNote((version as Fetched).document['Version'], notes),
    ...middlewareNotes(all, names, notes),
    ...routerNotes(
      itemsOf(routers),
      all,
      { hosts: ruleSet.apps.flatMap(({ hosts }) => hosts), basePath },
      notes,
    ),
    ...entryPointNotes(itemsOf(entryPoints), all, notes),
  ];
}

/** The API answers with lists; a discovery document is an object: one reader for both. */
const wrapped =
  (fetch: Fetch): Fetch =>
  async (url, init) => {
    const response = await fetch(url, init);
    const body = await response.text();
    return new Response(body.startsWith('[') ? `{"items":${body}}` : body, {
      status: response.status,
      headers: response.headers,
    });
  };

function itemsOf(answer: Fetched | { readonly failure: string }): readonly Item[] {
  const items = 'failure' in answer ? undefined : answer.document['items'];
  return Array.isArray(items)
    ? items.filter((item): item is Item => typeof item === 'object' && item !== null)
    : [];
}
