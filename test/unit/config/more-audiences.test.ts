import { expect, test } from '@jest/globals';
import { configOfFile, problemsOfFile, SECRET } from './_load.ts';

const ISSUER = 'issuer: "https://id.example.com/", clientId: shop, clientSecret: s';
const file = (provider: string, session: string): string =>
  `provider: { moreAudiences: refresh, ${ISSUER}${provider} }\nsession: { secret: "${SECRET}"${session} }`;
const KEPT = ', store: memory, refresh: true';
const NAME = '`provider.moreAudiences: refresh`';
const NO_TOKENS = `1:28: ${NAME} needs refresh tokens. -> write \`session.refresh: true\`, or \`moreAudiences: redirect\``;
const NO_PARAMETER = `1:28: ${NAME} cannot say which audience is meant: the provider has no parameter for it. -> set \`audienceParameter\`, or write \`moreAudiences: redirect\``;

test.each([
  ['', KEPT],
  [', kind: auth0', KEPT],
  [', kind: keycloak, audienceParameter: resource', KEPT],
])('a further audience by refresh: %s%s', (provider, session) => {
  const { config } = configOfFile(file(provider, session));
  expect([config.providers.get('default')?.moreAudiences, config.session.refresh]).toEqual(['refresh', true]);
});

test.each([
  ['', '', [NO_TOKENS]],
  ['', ', store: memory', [NO_TOKENS]],
  [', kind: keycloak', KEPT, [NO_PARAMETER]],
  [', kind: entra', KEPT, [NO_PARAMETER]],
  [', audienceParameter: none', KEPT, [NO_PARAMETER]],
  [', audienceParameter: nothing', KEPT, [expect.stringContaining('`provider.audienceParameter` cannot be')]],
  ['', ', store: memory, refresh: 1', [expect.stringContaining('`session.refresh` must be')]],
  [
    '',
    ', refresh: true',
    [expect.stringContaining('`session.refresh` does not go with `session.store: cookie`')],
  ],
])('is refused without what it needs: %s%s', (provider, session, problems) => {
  expect(problemsOfFile(file(provider, session))).toEqual(problems);
});
