import { COMMON_METHODS } from '../rules/method.ts';
import type { Application, Written } from './application-file.ts';
import type { Finding } from './finding.ts';

/** An application with what it has from the default one, and what is to be said of that. */
export interface Inherited {
  readonly own: Application;
  readonly findings: readonly Finding[];
}

/** What every application had there that wrote nothing itself. */
export const BUILT_IN_SCOPE = 'profile openid email';

/**
 * Gives an application what it does not say itself, as ForwardAuth's documentation has it, with one exception: its methods.
 * There, neither methods nor scopes were ever inherited, because the built-in values stood in the way; inheriting the methods
 * now could open what never was open.
 */
export function inherit(app: Application, name: string, fallback: Application | undefined): Inherited {
  if (fallback === undefined || fallback === app) return { own: app, findings: [] };
  const own: Application = {
    ...app,
    audience: app.audience ?? fallback.audience,
    clientId: app.clientId ?? fallback.clientId,
    clientSecret: app.clientSecret ?? fallback.clientSecret,
    scope: app.scope ?? fallback.scope,
    redirectUri: app.redirectUri ?? fallback.redirectUri,
    tokenCookieDomain: app.tokenCookieDomain ?? fallback.tokenCookieDomain,
    claims: app.claims ?? fallback.claims,
    requiredPermissions: app.requiredPermissions ?? fallback.requiredPermissions,
    returnTo: app.returnTo ?? fallback.returnTo,
  };
  return { own, findings: [...scopeFinding(app, name, fallback), ...methodsFinding(app, name, fallback)] };
}

function scopeFinding(app: Application, name: string, { scope }: Application): readonly Finding[] {
  if (app.scope !== undefined || scope === undefined || isBuiltIn(scope)) return [];
  return [
    {
      level: 'changed',
      app: name,
      line: scope.line,
      key: 'scope',
      message: `the default's \`${scope.value}\` holds for this app now; there, inheritance was broken and it asked for \`${BUILT_IN_SCOPE}\``,
      wayOut: undefined,
    },
  ];
}

const isBuiltIn = ({ value }: Written<string>): boolean =>
  value.split(/\s+/).toSorted().join(' ') === BUILT_IN_SCOPE.split(' ').toSorted().join(' ');

function methodsFinding(
  app: Application,
  name: string,
  { restrictedMethods }: Application,
): readonly Finding[] {
  if (app.restrictedMethods !== undefined || restrictedMethods === undefined) return [];
  const open = [...COMMON_METHODS].filter((method) => !restrictedMethods.value.includes(method));
  if (open.length === 0) return [];
  return [
    {
      level: 'changed',
      app: name,
      line: restrictedMethods.line,
      key: 'restricted-methods',
      message: `the default leaves ${open.join(' ')} open, but this app never inherited that: all its methods were guarded, and still are`,
      wayOut: 'if they are to be open, name them in the rules file: `GET: public`',
    },
  ];
}
