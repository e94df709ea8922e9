import { expect, test } from '@jest/globals';
import { nearestWord } from '../../../src/document/nearest-word.ts';

const WORDS = ['public', 'authenticated', 'deny', 'GET', 'POST', 'origins'];

test.each<[string, string | undefined]>([
  ['publc', 'public'],
  ['Public', 'public'],
  ['pubilc', 'public'],
  ['GTE', 'GET'],
  ['gett', 'GET'],
  ['origin', 'origins'],
  ['autenticatd', 'authenticated'],
  ['denied', undefined],
  ['read', undefined],
  ['', undefined],
])('%s -> %s', (word, nearest) => {
  expect(nearestWord(word, WORDS)).toBe(nearest);
});
