import { expect, test } from '@jest/globals';
import { durationWayOut, durationWords, parseDuration } from '../../../src/document/duration.ts';

test.each([
  ['30s', 30],
  ['15m', 900],
  ['12h', 43_200],
  ['2d', 172_800],
  ['0s', 0],
  ['007s', 7],
])('%s is %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each([
  [0, '0 seconds'],
  [1, '1 second'],
  [59, '59 seconds'],
  [60, '1 minute'],
  [90, '90 seconds'],
  [900, '15 minutes'],
  [3600, '1 hour'],
  [5400, '90 minutes'],
  [86_400, '1 day'],
  [172_800, '2 days'],
])('%d seconds are %s for people', (seconds, words) => {
  expect(durationWords(seconds)).toBe(words);
});

test.each(['', '12', 'h', '1.5h', '-1h', '1H', '12 h', '1h30m', '1w', '12h\n', '1e3s', '9999999999s', '١h'])(
  '%j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test.each([
  [3600, 'add the unit: `3600s` for seconds, `3600m` for minutes, `3600h` for hours'],
  ['90', 'add the unit: `90s` for seconds, `90m` for minutes, `90h` for hours'],
  ['soon', 'write a whole number and one unit (s, m, h or d), for example `12h`'],
  [true, 'write a whole number and one unit (s, m, h or d), for example `12h`'],
])('the way out of %j', (value, wayOut) => {
  expect(durationWayOut(value)).toBe(wayOut);
});
