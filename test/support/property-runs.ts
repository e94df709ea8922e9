/**
 * How often a property is tried: few times in a unit run, more often where POSTERN_PROPERTY_RUNS says so. Each try of the
 * rules' properties asks 40 or more requests, so that 2500 make well over 100,000 cases of each.
 */
export const RUNS = Number(process.env['POSTERN_PROPERTY_RUNS'] ?? 100);
