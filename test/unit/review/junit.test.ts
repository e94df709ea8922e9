import { expect, test } from '@jest/globals';
import { junitError, junitXml } from '../../../src/review/junit.ts';
import { failedTests, runTests } from '../../../src/review/run-tests.ts';
import { testLine } from '../../../src/review/test-line.ts';
import { ruleSetOf } from '../../support/requests.ts';

const RULES = ruleSetOf(
  'app: a\nhosts: [a.example.com]\naudience: x\nrules: { /**: ["<&>"] }\ntests:\n' +
    '  - { request: "GET /a?b=\\"c\\"&d", expect: login }\n' +
    '  - { request: GET /a, scopes: ["<&>"], audience: y, expect: forbidden, missing: [z] }',
  'app: b\nhosts: [b.example.com]\naudience: x\nrules: { /: public }\ntests: [{ request: GET /, expect: public }]',
);

test('JUnit XML has a suite for each app, and escapes what XML cannot hold', () => {
  const results = runTests(RULES, ['_auth'], 0);
  expect(junitXml(results)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="postern rules test" tests="3" failures="1" errors="0">
  <testsuite name="a" tests="2" failures="1" errors="0">
    <testcase classname="a" name="GET a.example.com/a?b=&quot;c&quot;&amp;d, anonymous" file="0.yaml" line="6"/>
    <testcase classname="a" name="GET a.example.com/a, with &lt;&amp;&gt;, for y" file="0.yaml" line="7">
      <failure message="expected to miss z, misses nothing">expected: forbidden, missing z
got: forbidden, missing nothing
reason: token-audience
audience: needs x; the token is for y
rule: /** (0.yaml:4)</failure>
    </testcase>
  </testsuite>
  <testsuite name="b" tests="1" failures="0" errors="0">
    <testcase classname="b" name="GET b.example.com/, anonymous" file="1.yaml" line="5"/>
  </testsuite>
</testsuites>
`);
});

test('rules that do not load are one error, in a suite of its own', () => {
  expect(
    junitError('2 problems: no test ran', 'a.yaml:1:1: "<&>"\n'),
  ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="postern rules test" tests="1" failures="0" errors="1">
  <testsuite name="rules" tests="1" failures="0" errors="1">
    <testcase classname="rules" name="the rules load">
      <error message="2 problems: no test ran">a.yaml:1:1: &quot;&lt;&amp;&gt;&quot;
</error>
    </testcase>
  </testsuite>
</testsuites>
`);
});

test('the failed tests are those that a reload waits for', () => {
  expect(failedTests(RULES, ['_auth'], 0).map(({ test: { id } }) => id)).toEqual(['0.yaml:7']);
});

test('a test of an evaluation says nothing that tests cannot say', () => {
  const [passed] = runTests(RULES, ['_auth'], 0);
  const evaluation = (passed as NonNullable<typeof passed>).evaluation;
  const supposed = { kind: 'supposed', scopes: ['<&>', 'true', 'a:b'] } as const;
  expect(testLine(evaluation, { kind: 'anonymous' })).toBe(
    '{ request: "GET /a?b=\\"c\\"&d", expect: login }',
  );
  expect(testLine(evaluation, { ...supposed, audiences: ['y'], acr: 'mfa' })).toBe(
    '{ request: "GET /a?b=\\"c\\"&d", scopes: ["<&>", "true", a:b], audience: y, acr: mfa, expect: login }',
  );
  expect(testLine(evaluation, { ...supposed, audiences: ['y', 'z'] })).toBeUndefined();
  expect(testLine(evaluation, { ...supposed, scopes: [], loginAge: 300 })).toBe(
    '{ request: "GET /a?b=\\"c\\"&d", scopes: [], loginAge: 5m, expect: login }',
  );
});
