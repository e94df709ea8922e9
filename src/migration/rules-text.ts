import type { TokenNeed } from '../rules/rule.ts';

/** An app in the words of a rules file. */
export interface AppText {
  readonly comment: readonly string[];
  readonly app: string;
  readonly host: string;
  readonly audience: string;
  readonly provider: string | undefined;
  readonly scopes: readonly string[];
  /** Header name -> claim. */
  readonly headers: ReadonlyMap<string, string>;
  /** Methods that everybody may use, in any path. */
  readonly open: readonly string[];
  /** Methods that are named beside the open ones; `otherwise` for all the common ones. */
  readonly guarded: readonly string[];
  /** Scopes, all of them; none: any valid token for the audience. */
  readonly allOf: TokenNeed['allOf'];
}

/** Writes one rules file. */
export function rulesText(text: AppText): string {
  const { provider, headers } = text;
  const lines = [
    ...text.comment.map((line) => `# ${line}`),
    `app: ${scalar(text.app)}`,
    `hosts: ${flow([text.host])}`,
    ...(provider === undefined ? [] : [`provider: ${scalar(provider)}`]),
    `audience: ${scalar(text.audience)}`,
    `login: { scopes: ${flow(text.scopes)} }`,
    'headers:',
    ...[...headers].map(([name, claim]) => `  ${scalar(name)}: ${scalar(claim)}`),
    '',
    'rules:',
    ...ruleLines(text),
  ];
  return `${lines.join('\n')}\n`;
}

function ruleLines({ open, guarded, allOf }: AppText): readonly string[] {
  const need =
    allOf.length === 0 ? 'authenticated' : allOf.length === 1 ? flow(allOf) : `{ all: ${flow(allOf)} }`;
  if (open.length === 0 && guarded.join() === 'otherwise') return [`  /**: ${need}`];
  return [
    '  /**:',
    ...(open.length === 0 ? [] : [`    ${open.join(' ')}: public`]),
    ...guarded.map((methods) => `    ${methods}: ${need}`),
  ];
}

const flow = (texts: readonly string[]): string => `[${texts.map(scalar).join(', ')}]`;

/** Plain where YAML cannot take it for anything but this text, else in double quotes. */
const scalar = (text: string): string =>
  /^[A-Za-z][A-Za-z0-9._/@:-]*$/.test(text) &&
  !text.endsWith(':') &&
  !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
