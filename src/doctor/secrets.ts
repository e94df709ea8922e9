import type { ClientSecret } from '../config/config.ts';
import { type Note, notesAbout } from './finding.ts';

const DAY = 86_400;
/** Days before the end: time enough to make a new secret, and too little of it. */
const [NEAR, URGENT] = [30, 7];

/**
 * Client secrets that have expired, or will soon. The gateway uses the first in force.
 * @param now Unix seconds
 */
export function secretNotes(
  provider: string,
  secrets: readonly ClientSecret[],
  now: number,
): readonly Note[] {
  const notes = notesAbout('secrets', provider);
  if (secrets.length === 0) return [notes.ok('the client is a public one, without a secret')];
  const inForce = secrets.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  const expired = secrets.length - inForce.length;
  const old =
    expired === 0
      ? []
      : [
          notes.warning(
            `${expired} of ${secrets.length} client secrets ${expired === 1 ? 'has' : 'have'} expired`,
            'They are never used again, and hide how many are left.',
            'remove them from the list, here and at the provider',
          ),
        ];
  const last = inForce.reduce(
    (latest, { expiresAt = Number.POSITIVE_INFINITY }) => Math.max(latest, expiresAt),
    now,
  );
  const days = Math.floor((last - now) / DAY);
  if (inForce.length === 0)
    return [
      ...old,
      notes.problem(
        'no client secret is in force',
        'Nobody can sign in.',
        'make a new one at the provider and put it into the list',
      ),
    ];
  if (days >= NEAR)
    return [
      ...old,
      notes.ok(
        last === Number.POSITIVE_INFINITY
          ? 'a client secret is in force, without an end that is known here'
          : `a client secret is in force until ${day(last)}`,
      ),
    ];
  const end = [
    `the last client secret expires on ${day(last)}, in ${days} ${days === 1 ? 'day' : 'days'}`,
    'From then on nobody can sign in.',
    'make a new one at the provider and add it to provider.clientSecrets with its date; then restart',
  ] as const;
  return [...old, days < URGENT ? notes.problem(...end) : notes.warning(...end)];
}

const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);
