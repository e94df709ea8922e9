import { describe, test } from '@jest/globals';
import { PROXIES, WITHOUT_ROUTER } from '../support/e2e-proxies.ts';
import { useWorld } from '../support/e2e-world.ts';
import { accountJourneys } from './journeys/account.ts';
import { bearerJourneys } from './journeys/bearer.ts';
import { loginJourneys } from './journeys/login.ts';
import { middlewareAloneJourneys } from './journeys/middleware-alone.ts';
import { outageJourneys } from './journeys/outage.ts';
import { pathJourneys } from './journeys/paths.ts';
import { refusalJourneys } from './journeys/refusals.ts';
import { streamJourneys } from './journeys/streams.ts';
import { upstreamJourneys } from './journeys/upstream.ts';

// Every journey through every proxy: the built program, a real provider, an app that tells what it received.
describe.each(PROXIES)('through $name', (proxy) => {
  if (proxy.missing !== undefined) {
    test.skip(`every journey: ${proxy.missing}`, () => {});
    return;
  }
  const journey = useWorld(proxy);
  describe('signing in', () => loginJourneys(journey));
  describe('to the upstream', () => upstreamJourneys(journey));
  describe('refused', () => refusalJourneys(journey));
  describe('with a bearer token', () => bearerJourneys(journey));
  describe('by odd paths and headers', () => pathJourneys(journey));
  describe('in streams', () => streamJourneys(journey));
  describe('the account', () => accountJourneys(journey));
  describe('without the gateway', () => outageJourneys(journey));
});

describe(`through ${WITHOUT_ROUTER.name}`, () => {
  const journey = useWorld(WITHOUT_ROUTER);
  loginJourneys(journey);
  middlewareAloneJourneys(journey);
});
