import { appendFileSync } from 'node:fs';

/** Adds `passed failed` of a run to the file that POSTERN_COUNTS names, so that `.ci/run` can sum over suites. */
export default class CountReporter {
  onRunComplete(_contexts, results) {
    const file = process.env.POSTERN_COUNTS;
    if (file === undefined) return;
    // A suite that could not even start has run no test, and has failed all the same.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    appendFileSync(file, `${results.numPassedTests} ${failed}\n`);
  }
}
