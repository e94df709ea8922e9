import { fillTenant, holdsTenant } from '../document/tenant-text.ts';
import type { Rule } from './rule.ts';
import type { App } from './rule-set.ts';

/** What an app and a rule were before a tenant was filled in. */
const apps = new WeakMap<App, App>();
const rules = new WeakMap<Rule, Rule>();

/** @returns the app as its file has it, whichever tenant's it is. */
export const asWritten = (app: App): App => apps.get(app) ?? app;

/** @returns the rule as its file has it. */
export const ruleAsWritten = (rule: Rule): Rule => rules.get(rule) ?? rule;

/** The app as one tenant has it: no `{tenant}` is left in what tokens are compared with. */
export function fillApp(app: App, tenant: string): App {
  const fill = (text: string): string => fillTenant(text, tenant);
  const filled: App = {
    ...app,
    tenant,
    issuers: app.issuers.map(fill),
    audiences: app.audiences.map(fill),
    scopesByAudience: new Map(
      [...app.scopesByAudience].map(([audience, scopes]) => [fill(audience), scopes]),
    ),
  };
  apps.set(filled, app);
  return filled;
}

/** @returns the rule itself where nothing in it holds `{tenant}`. */
export function fillRule(rule: Rule, tenant: string): Rule {
  const { need } = rule;
  if (need.kind !== 'token' || !need.audiences.some(holdsTenant)) return rule;
  const audiences = need.audiences.map((audience) => fillTenant(audience, tenant));
  const filled: Rule = { ...rule, need: { ...need, audiences } };
  rules.set(filled, rule);
  return filled;
}
