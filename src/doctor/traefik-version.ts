import { type Note, type Notes, shown } from './finding.ts';

type Version = readonly [major: number, minor: number, patch: number];

/** From these on `trustForwardHeader: false` drops all that a client says about its own request, its spellings with `_` too. */
const FLOORS: readonly Version[] = [
  [2, 11, 43],
  [3, 6, 14],
  [3, 7, 0],
];

/** Where weaknesses were closed that a rule could be passed by: StripPrefix, and header names with `_`. */
const ADVISED: readonly Version[] = [
  [2, 11, 51],
  [3, 6, 22],
  [3, 7, 6],
];

/** @param said `Version` of Traefik's `/api/version` */
export function traefikVersionNote(said: unknown, notes: Notes): Note {
  const words = typeof said === 'string' ? said : '';
  const match = /^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})/.exec(words);
  if (match === null)
    return notes.open(
      `whether Traefik is new enough: it calls itself ${shown(words) || 'nothing'}`,
      'compare by hand: at least 3.7, or 2.11.43',
    );
  const version = match.slice(1, 4).map(Number) as unknown as Version;
  const name = `Traefik ${version.join('.')}`;
  if (!reaches(version, FLOORS))
    return notes.problem(
      `${name} is older than 3.6.14 (2.11.43)`,
      'What a client says about its own request can reach the check: the page that is checked may be another than the app gets.',
      'update to 3.7 or newer',
    );
  if (!reaches(version, ADVISED))
    return notes.warning(
      `${name} is older than 3.7.6 (3.6.22, 2.11.51)`,
      'It cannot reject header names with `_`, and StripPrefix had a hole before 3.7.3.',
      'update to the newest 3.7',
    );
  return notes.ok(`${name} is new enough`);
}

/** Whether a version has what its line got at the floor; lines newer than all have it, lines between two do not get it. */
function reaches([major, minor, patch]: Version, floors: readonly Version[]): boolean {
  const line = floors.find(([m, n]) => m === major && n === minor);
  if (line !== undefined) return patch >= line[2];
  const newest = floors.at(-1) ?? [0, 0, 0];
  return major > newest[0] || (major === newest[0] && minor > newest[1]);
}
