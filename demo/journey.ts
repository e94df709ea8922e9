import type { Visit } from '../test/support/jar.ts';
import type { World } from './world.ts';

/** What a hop must be. */
export interface Expectation {
  readonly status: number;
  /** The reason of the gateway's decision; absent for hops at the provider. */
  readonly reason?: string;
  /** `Location`, in full or up to the query. */
  readonly location?: string;
  /** What the sample app must have been told, by the names on its page. */
  readonly told?: Readonly<Record<string, string>>;
  /** Must stand in the body. */
  readonly says?: string;
  /** Must stand in the header. */
  readonly header?: readonly [name: string, part: string];
}

/** One request and its answer, judged. */
export interface Hop {
  readonly what: string;
  readonly method: string;
  readonly host: 'shop' | 'ops' | 'provider';
  readonly path: string;
  readonly status: number;
  /** Empty for hops at the provider. */
  readonly reason: string;
  /** What was not as expected; empty: right. */
  readonly wrong: readonly string[];
}

/** Goes hop by hop through a world and judges each. */
export class Journey {
  readonly hops: Hop[] = [];
  readonly #world: World;
  readonly #report: (hop: Hop) => void;

  constructor(world: World, report: (hop: Hop) => void) {
    this.#world = world;
    this.#report = report;
  }

  /** Makes one request, judges its answer and hands it on. */
  async hop(what: string, go: () => Promise<Visit>, want: Expectation): Promise<Visit> {
    const mark = this.#world.decisions.length;
    const visit = await go();
    const { hostname, pathname } = visit.url;
    const decision =
      want.reason === undefined
        ? undefined
        : await this.#world.decisions.after(mark, hostname, visit.method, pathname);
    const reason = decision?.reason ?? '';
    const host = hostname.startsWith('shop.') ? 'shop' : hostname.startsWith('ops.') ? 'ops' : 'provider';
    const hop: Hop = {
      what,
      method: visit.method,
      host,
      path: pathname + visit.url.search,
      status: visit.status,
      reason,
      wrong: faults(visit, reason, want),
    };
    this.hops.push(hop);
    this.#report(hop);
    return visit;
  }
}

function faults(visit: Visit, reason: string, want: Expectation): string[] {
  const wrong: string[] = [];
  const expect = (name: string, got: string, wanted: string, holds: boolean) => {
    if (!holds) wrong.push(`${name} is "${got}", expected "${wanted}"`);
  };
  expect('status', String(visit.status), String(want.status), visit.status === want.status);
  if (want.reason !== undefined) expect('reason', reason, want.reason, reason === want.reason);
  if (want.location !== undefined) {
    const got = visit.location?.href ?? 'absent';
    const bare = got.split('?', 1)[0] ?? '';
    expect('Location', got, want.location, got === want.location || bare === want.location);
  }
  for (const [name, wanted] of Object.entries(want.told ?? {})) {
    const got = told(visit, name);
    expect(`what the app was told of ${name}`, got, wanted, got === wanted);
  }
  if (want.says !== undefined && !visit.body.includes(want.says)) {
    wrong.push(`the answer does not say "${want.says}"`);
  }
  if (want.header !== undefined) {
    const [name, part] = want.header;
    const got = String(visit.headers[name] ?? 'absent');
    expect(name, got, part, got.includes(part));
  }
  return wrong;
}

/** A fact on the page of a sample app. */
function told({ body }: Visit, name: string): string {
  return new RegExp(`<dd id="${name}">([^<]*)</dd>`).exec(body)?.[1] ?? 'not on the page';
}
