import type { Findings, Path } from './findings.ts';
import { pathText } from './key.ts';

/** What the gateway sets itself, and the key that says it; undefined where nothing does. */
const OWN: ReadonlyMap<string, string | undefined> = new Map([
  ['client_id', 'clientId'],
  ['scope', undefined],
  ['resource', 'audienceParameter'],
  ['audience', 'audienceParameter'],
  ['prompt', 'prompt'],
  ['acr_values', 'acrValues'],
  ['ui_locales', 'uiLocales'],
  ['redirect_uri', 'redirectUri'],
  ...[
    ...['response_type', 'response_mode', 'state', 'nonce', 'code_challenge', 'code_challenge_method'],
    ...['max_age', 'id_token_hint', 'request', 'request_uri', 'client_secret', 'claims'],
  ].map((name): [string, undefined] => [name, undefined]),
]);

/**
 * Judges a further parameter of the authorization request. INVARIANT: none that the gateway sets itself can be written
 * twice, or the provider might take the other one.
 */
export function checkParameter(name: string, at: Path, findings: Findings): void {
  const lower = name.toLowerCase();
  if (OWN.has(lower)) {
    const key = OWN.get(lower);
    findings.report(
      at,
      `\`${pathText(at)}\`: the gateway sets this parameter itself.`,
      key === undefined ? 'remove it' : `say it by \`${key}\` of the provider`,
      { on: 'key' },
    );
  } else if (!/^[A-Za-z0-9._~-]{1,64}$/.test(name))
    findings.report(
      at,
      `\`${pathText(at)}\` is no name of a parameter.`,
      'write letters, digits, `.`, `_`, `~` and `-`',
      { on: 'key' },
    );
}
