import { expect, test } from '@jest/globals';
import { NO_EXCHANGE } from '../../../src/broker/exchanged-tokens.ts';
import { type CredentialParts, createCredentials } from '../../../src/http/credentials.ts';
import type { Renewal } from '../../../src/login/renewal.ts';
import type { TokenNeed } from '../../../src/rules/rule.ts';
import type { LiveSession, Session } from '../../../src/session/session.ts';
import { START, sessionOf } from '../../contract/session-store.contract.ts';
import { API, accessTokenFor, liveOf, TRUSTS, tokenFor } from '../../support/refreshing-provider.ts';
import { appVisitOf } from '../../support/requests.ts';

const VISIT = appVisitOf('GET shop.example.com/x');
const NEED = { kind: 'token', audiences: [API] } as unknown as TokenNeed;
const LATE: Renewal = { kind: 'kept', reason: 'provider-unavailable', cause: 'late' };

/** Counts as expired, and lives for two seconds more. */
const early = sessionOf({
  tokens: [{ audience: API, raw: accessTokenFor(API, { iat: START - 600, exp: START + 2 }) }],
});
const expired = sessionOf({
  tokens: [{ audience: API, raw: accessTokenFor(API, { iat: START - 600, exp: START - 100 }) }],
});
const fresh = sessionOf({ tokens: [tokenFor(API, 'r2')] });

test.each<[what: string, before: Session, after: Session | undefined, outcome: object]>([
  ['goes on with what is left of its token', early, early, { kind: 'session', expired: false, tokens: [{}] }],
  ['has nothing to go on with', expired, expired, { kind: 'refused', reason: 'provider-unavailable' }],
  ['has ended meanwhile', early, undefined, { kind: 'none' }],
  ['was renewed by another meanwhile', expired, fresh, { kind: 'session', expired: false, tokens: [{}] }],
])('a session whose renewal brought nothing %s', async (_what, before, after, outcome) => {
  const seen: (LiveSession | undefined)[] = [before, after].map((one) => one && liveOf(one));
  const credentials = createCredentials({
    sessionOf: () => seen.shift(),
    renew: async () => LATE,
    trustsOf: () => TRUSTS,
    exchanged: NO_EXCHANGE,
    clockTolerance: 5,
    now: () => START,
  } as unknown as CredentialParts);
  expect(await credentials.open(VISIT, NEED)).toMatchObject(outcome);
});
