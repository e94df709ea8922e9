import type { Reason } from '../reason.ts';

/** Why the gateway has no access token for a caller. `detail` is for the log: never token, secret or text of the provider. */
export interface BrokerRefusal {
  readonly reason: Extract<
    Reason,
    | 'client-refused'
    | 'client-slowed'
    | 'scope-missing'
    | 'audience-refused'
    | `exchange-${string}`
    | 'provider-answer-invalid'
    | 'provider-unavailable'
  >;
  readonly detail: string;
}
