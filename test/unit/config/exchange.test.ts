import { expect, test } from '@jest/globals';
import { configOfFile, problemsOfFile, SECRET } from './_load.ts';

const PORTAL = 'from: { issuer: "https://id.example.com/", audience: https://portal }';
const DASH = 'to: { audience: https://dash, scopes: [read] }';
const ENTRY = `{ name: dash, ${PORTAL}, ${DASH} }`;
const PARTNER = '{ issuer: https://partner, subject: s, audience: https://us, exchange: dash }';
const file = (exchange: string, more = '', provider = ''): string =>
  [
    `provider: { issuer: "https://id.example.com/", clientId: shop, clientSecret: s${provider} }`,
    `session: { secret: "${SECRET}" }`,
    ...(exchange === '' ? [] : [`exchange: [${exchange}]`]),
    more,
    '',
  ].join('\n');

test('an entry and a federation, as they are used', () => {
  const { config } = configOfFile(file(ENTRY, `federation: [${PARTNER}]`, ', moreAudiences: exchange'));
  expect(config.exchanges).toEqual([
    {
      name: 'dash',
      provider: undefined,
      from: { issuer: 'https://id.example.com/', audience: 'https://portal' },
      to: { audience: 'https://dash', scopes: ['read'] },
      bearer: false,
    },
  ]);
  expect(config.federation).toEqual([
    { issuer: 'https://partner', subject: 's', audience: 'https://us', exchange: 'dash' },
  ]);
  expect(config.providers.get('default')?.moreAudiences).toBe('exchange');
});

test.each<[string, string, string]>([
  ['the same name twice', file(`${ENTRY}, ${ENTRY}`), 'Two exchanges are called `dash`.'],
  ['no end', file(`{ name: dash, ${PORTAL} }`), '`exchange[0].to` is missing.'],
  ['no name', file(`{ ${PORTAL}, ${DASH} }`), '`exchange[0].name` is missing.'],
  ['an odd name', file(ENTRY.replace('dash,', '"a b",')), '`exchange[0].name` must be a name of letters'],
  ['no scopes', file(ENTRY.replace('[read]', '[]')), '`exchange[0].to.scopes` is empty.'],
  ['a scope that is none', file(ENTRY.replace('[read]', '["a b"]')), '`exchange[0].to.scopes'],
  [
    'an unknown key',
    file(ENTRY.replace('name: dash', 'name: dash, too: 1')),
    '`exchange[0].too` is not a key',
  ],
  ['an empty list', file(' '), '`exchange` is empty.'],
  ['an issuer by http', file(ENTRY.replace('https://id', 'http://id')), '`exchange[0].from.issuer` is http'],
  [
    'an end where it begins',
    file(ENTRY.replace('https://dash', 'https://portal')),
    'leads to the audience that it comes from',
  ],
  [
    'an unknown provider',
    file(ENTRY.replace('name: dash', 'name: dash, provider: x')),
    'The configuration has no provider `x`.',
  ],
  [
    'a client without a secret',
    file(ENTRY).replace(', clientSecret: s', ''),
    'The exchange `dash` has no client that could prove itself at the provider.',
  ],
  [
    'further audiences, and nothing that leads there',
    file('', '', ', moreAudiences: exchange'),
    '`provider.moreAudiences: exchange` has no exchange of a token of https://id.example.com/.',
  ],
  [
    'further audiences, and another issuer’s token alone',
    file(ENTRY.replace('https://id.example.com/', 'https://else'), '', ', moreAudiences: exchange'),
    '`provider.moreAudiences: exchange` has no exchange of a token of https://id.example.com/.',
  ],
  ['a federation by no exchange', file('', `federation: [${PARTNER}]`), 'There is no exchange `dash`.'],
  [
    'a federation by another',
    file(ENTRY, `federation: [${PARTNER.replace('dash', 'dahs')}]`),
    'There is no exchange `dahs`.',
  ],
  ['a federation twice', file(ENTRY, `federation: [${PARTNER}, ${PARTNER}]`), 'This entry stands twice.'],
  [
    'a federation without a subject',
    file(ENTRY, `federation: [${PARTNER.replace('subject: s, ', '')}]`),
    '`federation[0].subject` is missing.',
  ],
  [
    'a federation of our own provider',
    file(ENTRY, `federation: [${PARTNER.replace('https://partner', '"https://id.example.com/"')}]`),
    '`https://id.example.com/` is a provider of ours',
  ],
  [
    'a federation by http',
    file(ENTRY, `federation: [${PARTNER.replace('https://partner', 'http://partner')}]`),
    '`federation[0].issuer` is http',
  ],
])('%s', (_, text, message) => {
  const problems = problemsOfFile(text);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
});
