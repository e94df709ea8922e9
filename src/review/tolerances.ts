import { TOLERANCES, type Tolerance } from '../forwarded/canonical-path.ts';
import { pathReadings } from '../forwarded/path-readings.ts';
import { pathOf } from '../forwarded/request-target.ts';

/**
 * @returns the fewest tolerances with which the path of a target could be read at all; undefined when none would help. Does
 * *not* say that its readings would then choose one rule.
 */
export function tolerancesFor(target: string): readonly Tolerance[] | undefined {
  const path = pathOf(target);
  if (pathReadings(path, TOLERANCES).length === 0) return undefined;
  let needed: readonly Tolerance[] = TOLERANCES;
  for (const tolerance of TOLERANCES) {
    const fewer = needed.filter((one) => one !== tolerance);
    if (pathReadings(path, fewer).length > 0) needed = fewer;
  }
  return needed;
}
