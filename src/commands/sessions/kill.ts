import type { Config } from '../../config/config.ts';
import { nearestWord } from '../../document/nearest-word.ts';
import { holdsTenant } from '../../document/tenant-text.ts';
import type { SessionSelector } from '../../session/kept-sessions.ts';
import { nameOfTenant } from '../../trust.ts';
import { misuse, printJson } from '../command.ts';
import { plural } from '../layout.ts';
import type { SessionsCommand, SessionsValues } from './sessions-command.ts';

/** Ends the sessions that are meant, as a sign-out does, and says how many. Exit code 1 when there was none. */
export const killSessions: SessionsCommand = async (invocation, { kept, config }) => {
  const selector = selectorOf(invocation.values, issuersOf(config));
  if ('fault' in selector) return misuse(invocation, selector.fault, selector.wayOut);
  const ended = await kept.endWhere(selector);
  if (invocation.json) printJson(invocation, { ended, ...selector });
  else if (ended === 0) invocation.out('No such session: nothing was ended.\n');
  else
    invocation.out(
      `Ended ${plural(ended, 'session')}. Every process asks to sign in again within a second.\n`,
    );
  return ended === 0 ? 1 : 0;
};

/** Names of the providers, as sessions have them: one whose issuer has `{tenant}` is one for each tenant. */
const issuersOf = ({ providers, tenants }: Config): readonly string[] =>
  [...providers.values()].flatMap((provider) =>
    holdsTenant(provider.issuer)
      ? (tenants?.list ?? []).map((tenant) => nameOfTenant(provider, tenant))
      : [provider.name],
  );

interface Fault {
  readonly fault: string;
  readonly wayOut: string;
}

function selectorOf(values: SessionsValues, providers: readonly string[]): SessionSelector | Fault {
  const { id, subject, client, sid } = values;
  const named = [id, subject, client, sid].filter((value) => value !== undefined);
  if (named.length !== 1)
    return {
      fault: named.length === 0 ? 'which sessions?' : 'one way to say which sessions, not several',
      wayOut: 'write one of --id=ID, --subject, --client, --sid',
    };
  if (named[0] === '')
    return { fault: 'an empty text names no session', wayOut: 'see postern sessions list' };
  if (id !== undefined || client !== undefined) {
    if (values.provider !== undefined)
      return { fault: '--provider goes with --subject and --sid', wayOut: 'leave it out' };
    return id === undefined ? { by: 'client', clientId: client ?? '' } : { by: 'id', id };
  }
  const provider = providerOf(values.provider, providers);
  if (typeof provider === 'object') return provider;
  return subject === undefined
    ? { by: 'sid', provider, sid: sid ?? '' }
    : { by: 'subject', provider, subject };
}

/** The same subject at two providers is two persons. */
function providerOf(name: string | undefined, providers: readonly string[]): string | Fault {
  const [only, second] = providers;
  if (name === undefined && only !== undefined && second === undefined) return only;
  if (name === undefined)
    return { fault: 'whose subject or sid?', wayOut: `add --provider ${few(providers, '|')}` };
  if (providers.includes(name)) return name;
  const near = nearestWord(name, providers);
  return {
    fault: `there is no provider "${name}"`,
    wayOut: near === undefined ? `it is one of ${few(providers, ', ')}` : `did you mean "${near}"?`,
  };
}

/** Tenants may be many. */
const few = (names: readonly string[], between: string): string =>
  [...names.slice(0, 10), ...(names.length > 10 ? ['…'] : [])].join(between);
