import type { TestResult } from './run-tests.ts';

/** @returns the results as JUnit XML, a suite for each app: what CI systems show. Times are left out, since nothing is timed. */
export function junitXml(results: readonly TestResult[]): string {
  const suites = [...Map.groupBy(results, ({ app }) => app)].map(([app, tests]) => {
    const cases = tests.map((test) => caseXml(test)).join('');
    return `  <testsuite ${attributes({ name: app, ...count(tests) })}>\n${cases}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${attributes({ name: 'postern rules test', ...count(results) })}>\n${suites.join('')}</testsuites>\n`;
}

/**
 * @param problems what keeps the rules from being loaded, so that no test ran: message and all of them in words
 * @returns a suite with one error, so that a CI system shows more than an old file or none
 */
export function junitError(message: string, problems: string): string {
  const counts = { tests: 1, failures: 0, errors: 1 };
  const name = 'the rules load';
  const error = `      <error ${attributes({ message })}>${escaped(problems)}</error>\n`;
  const suite = `  <testsuite ${attributes({ name: 'rules', ...counts })}>\n    <testcase ${attributes({ classname: 'rules', name })}>\n${error}    </testcase>\n  </testsuite>\n`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${attributes({ name: 'postern rules test', ...counts })}>\n${suite}</testsuites>\n`;
}

function caseXml({ app, title, failure, test: { id: place } }: TestResult): string {
  const at = place.lastIndexOf(':');
  const own = attributes({
    classname: app,
    name: title,
    file: place.slice(0, at),
    line: place.slice(at + 1),
  });
  if (failure === undefined) return `    <testcase ${own}/>\n`;
  const { summary, facts } = failure;
  const body = escaped(facts.map(([name, text]) => `${name}: ${text}`).join('\n'));
  return `    <testcase ${own}>\n      <failure ${attributes({ message: summary })}>${body}</failure>\n    </testcase>\n`;
}

const count = (results: readonly TestResult[]): Readonly<Record<string, number>> => ({
  tests: results.length,
  failures: results.filter(({ failure }) => failure !== undefined).length,
  errors: 0,
});

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(String(value)).replaceAll('\n', '&#10;')}"`)
    .join(' ');

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** What XML 1.0 cannot hold becomes the replacement character. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 section 2.2 names these
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\uFFFD')
    .replaceAll(/[&<>"]/g, (char) => ENTITIES[char] ?? char);
