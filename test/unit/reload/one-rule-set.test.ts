import { expect, test } from '@jest/globals';
import { createCheck } from '../../../src/http/check.ts';
import { createVisits } from '../../../src/http/visits.ts';
import type { Reply } from '../../../src/outcome/reply.ts';
import type { RuleSet } from '../../../src/rules/rule-set.ts';
import { createCookies } from '../../../src/session/cookies.ts';
import { signingRing } from '../../../src/session/keys.ts';
import { NEW } from '../../support/cookies.ts';
import { requestOf, ruleSetOf } from '../../support/requests.ts';

const setOf = (word: string, origins: string): RuleSet =>
  ruleSetOf(`app: a\nhosts: [a.b]\norigins: ${origins}\naudience: https://a.b\nrules: { /**: ${word} }`);
/** The sets are swapped after the first question: whoever asks again mixes the two. */
const ONE = setOf('public', '[https://www.example.com]');
const OTHER = setOf('authenticated', '[https://www.example.com]');

const reply = (reason: Reply['reason']): Reply => ({ status: 200, reason, headers: [] });

async function answerOf(first: RuleSet, second: RuleSet, line: string, headers = {}): Promise<string> {
  let asked = 0;
  const rules = (): RuleSet => (asked++ === 0 ? first : second);
  const check = createCheck({
    visits: createVisits(
      { public: undefined, basePath: '/_auth' },
      rules,
      createCookies(signingRing([NEW])),
      () => ({}),
    ),
    basePath: ['_auth'],
    pages: async () => reply('own-page'),
    credentials: {
      open: () => ({ kind: 'none', tokens: [] }),
      known: () => ({ token: undefined, live: undefined, authorization: undefined }),
    },
    answers: {
      preflight: () => reply('preflight'),
      open: () => reply('public'),
      permitted: () => reply('permitted'),
      reported: () => reply('would-deny'),
      refused: async () => reply('login-needed'),
    },
    now: () => 0,
  });
  return (await check(requestOf(line, headers))).reason;
}

test.each([
  ['a rule', 'GET a.b/x', {}, ['public', 'login-needed']],
  [
    'a preflight',
    'OPTIONS a.b/x',
    { origin: 'https://www.example.com', accessControlRequestMethod: 'PUT' },
    ['preflight', 'preflight'],
  ],
])('%s is looked up in the set that gave the app', async (_, line, headers, expected) => {
  expect([await answerOf(ONE, OTHER, line, headers), await answerOf(OTHER, ONE, line, headers)]).toEqual(
    expected,
  );
});
