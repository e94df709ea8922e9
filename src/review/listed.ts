import { isRegisteredMethod } from '../rules/method.ts';
import type { AppRules } from '../rules/rule-set.ts';
import { inOrder, unnamedMethods } from './methods.ts';
import type { Remark } from './remark.ts';
import { tableOf } from './table.ts';

/** Lists what is right as it stands, and worth a look of somebody who knows the app. */
export const listed = (rules: AppRules): readonly Remark[] => [
  ...reportMode(rules),
  ...publicAreas(rules),
  ...methodsUnnamed(rules),
  ...methodsUnregistered(rules),
  ...scopesUnasked(rules),
];

function publicAreas(rules: AppRules): readonly Remark[] {
  return tableOf(rules)
    .filter(({ need }) => need.kind === 'public')
    .map(({ methods, path, place }) => ({
      topic: 'public',
      level: 'review',
      app: rules.app.name,
      place,
      subject: `${methods.join(' ')} ${path}`,
      message: 'open to everybody',
    }));
}

const reportMode = ({ app }: AppRules): readonly Remark[] =>
  app.mode === 'enforce'
    ? []
    : [
        {
          topic: 'report-mode',
          level: 'review',
          app: app.name,
          place: undefined,
          subject: app.hosts.join(', '),
          message: 'sessions that lack scopes, or meet no rule, pass and are logged as would-deny',
          wayOut: 'write `mode: enforce` when the log shows no more of them',
        },
      ];

function methodsUnnamed({ app, paths }: AppRules): readonly Remark[] {
  return paths.flatMap((path) => {
    const methods = unnamedMethods(path);
    const [first] = path.byMethod.values();
    if (methods.length === 0 || first === undefined) return [];
    return [
      {
        topic: 'methods-unnamed' as const,
        level: 'review' as const,
        app: app.name,
        place: first.id,
        subject: `${methods.join(' ')} ${first.path}`,
        message: 'denied: the path names other methods',
      },
    ];
  });
}

function methodsUnregistered({ app, paths }: AppRules): readonly Remark[] {
  return paths.flatMap(({ byMethod }) => {
    const methods = inOrder(byMethod.keys()).filter((method) => !isRegisteredMethod(method));
    const first = byMethod.get(methods[0] ?? '');
    if (first === undefined) return [];
    return [
      {
        topic: 'methods-unregistered' as const,
        level: 'review' as const,
        app: app.name,
        place: first.id,
        subject: `${methods.join(' ')} ${first.path}`,
        message: 'no registry has this method: is it spelled as clients send it?',
      },
    ];
  });
}

function scopesUnasked({ app }: AppRules): readonly Remark[] {
  if (app.login.ask === 'rules' || !app.credentials.includes('session')) return [];
  return [...app.scopesByAudience].flatMap(([audience, scopes]) => {
    const unasked = scopes.filter((scope) => !app.login.scopes.includes(scope));
    if (unasked.length === 0) return [];
    return [
      {
        topic: 'scopes-unasked' as const,
        level: 'review' as const,
        app: app.name,
        place: undefined,
        subject: unasked.join(' '),
        message: `of ${audience}: asked for by the first page that needs them, not at sign-in`,
      },
    ];
  });
}
