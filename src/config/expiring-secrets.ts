import type { Secrets } from './config.ts';

/** @returns which client secrets expire: name of the provider, place in its list, Unix seconds. Never a secret. */
export const expiringSecrets = ({ clients }: Secrets): (readonly [string, number, number])[] =>
  [...clients].flatMap(([provider, list]) =>
    list.flatMap(({ expiresAt }, place) =>
      expiresAt === undefined ? [] : [[provider, place, expiresAt] as const],
    ),
  );
