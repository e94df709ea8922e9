import type { Reason } from '../reason.ts';
import type { Expectation } from '../rules/rule-tests.ts';

/** What happens to a request, in the words of tests; `own-page` is the gateway's own, which no test can expect. */
export type Outcome = Expectation | 'own-page';

/** How an evaluation can end: the reasons that host, method, path and token alone lead to. */
export type EvaluatedReason = Extract<
  Reason,
  | 'public'
  | 'permitted'
  | 'own-page'
  | 'login-needed'
  | 'token-audience'
  | 'scope-missing'
  | 'step-up-needed'
  | 'rule-deny'
  | 'no-rule'
  | 'method-not-listed'
  | 'unknown-host'
  | 'tenant-unknown'
  | 'method-malformed'
  | 'host-malformed'
  | 'target-malformed'
  | 'path-ambiguous'
>;

export const OUTCOMES: Readonly<Record<EvaluatedReason, Outcome>> = {
  public: 'public',
  permitted: 'permit',
  'own-page': 'own-page',
  'login-needed': 'login',
  'token-audience': 'forbidden',
  'scope-missing': 'forbidden',
  'step-up-needed': 'forbidden',
  'rule-deny': 'deny',
  'no-rule': 'deny',
  'method-not-listed': 'deny',
  'unknown-host': 'deny',
  'tenant-unknown': 'deny',
  'method-malformed': 'bad-request',
  'host-malformed': 'bad-request',
  'target-malformed': 'bad-request',
  'path-ambiguous': 'bad-request',
};
