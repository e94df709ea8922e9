import { hostKey, isExactHost } from '../rules/host-pattern.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';

/** Hosts that one app of the old set and one of the new own, where there is one. */
export interface HostPairing {
  readonly before: App | undefined;
  readonly after: App | undefined;
  readonly hosts: readonly HostClass[];
}

/** One host, or every host `*.rest` but those that are named themselves. */
export interface HostClass {
  readonly host: string;
  /** Names below a wildcard that are no part of it. */
  readonly except: readonly string[];
  /** A host that is a part of it. */
  readonly sample: string;
}

/** Cuts all hosts that either set knows by the apps that own them. */
export function pairHosts(before: RuleSet, after: RuleSet): readonly HostPairing[] {
  const keys = new Set(
    [before, after].flatMap(({ apps }) => apps.flatMap(({ hosts }) => hosts.map(hostKey))),
  );
  const names = new Set([...keys].filter(isExactHost));
  const owned = [...keys].toSorted(exactFirst).map((host) => {
    const sample = isExactHost(host) ? host : anyBelow(host, names);
    return { host, sample, before: before.appFor(sample), after: after.appFor(sample) };
  });
  const byPair = Map.groupBy(owned, ({ before: from, after: to }) => pairKey(from, to));
  return [...byPair.values()].map((group) => {
    const own = new Set(group.map(({ host }) => host));
    return {
      before: group[0]?.before,
      after: group[0]?.after,
      hosts: group.map(({ host, sample }) => ({
        host,
        except: isExactHost(host) ? [] : [...names].filter((name) => isBelow(name, host) && !own.has(name)),
        sample,
      })),
    };
  });
}

/** The names of apps are unique in a set, and never empty. */
const pairKey = (before: App | undefined, after: App | undefined): string =>
  JSON.stringify([before?.name, after?.name]);

const isBelow = (name: string, wildcard: string): boolean =>
  name.slice(Math.max(0, name.indexOf('.'))) === wildcard.slice(1);

function anyBelow(wildcard: string, names: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const host = `${number === 1 ? 'any' : `any-${number}`}${wildcard.slice(1)}`;
    if (!names.has(host)) return host;
  }
}

const exactFirst = (a: string, b: string): number =>
  Number(isExactHost(b)) - Number(isExactHost(a)) || (a < b ? -1 : 1);
