import { REASONS } from '../src/reason.ts';

const INTRODUCTION = `# Reasons

<!-- Generated from src/reason.ts by \`npm run docs\`. -->

Every answer carries one of these words: the decision log has it as \`reason\`, the problem JSON and the pages show it, and
\`postern rules explain\` prints it. The list is closed. Title and detail are what people and callers are told; the cause is
in the log line with the same request id.

Where a reason has an OAuth error, the answer has a \`WWW-Authenticate\` challenge with it (RFC 6750, RFC 9470). A status of 401
or 302 is what it says for the caller at hand: somebody who can sign in is sent to the provider by a page load
(\`login-started\`), and a script gets the 401.
`;

/** @returns docs/reasons.md. */
export function renderReasons(): string {
  const rows = Object.entries(REASONS).map(
    ([reason, { status, title, detail, ...more }]) =>
      `| \`${reason}\` | ${status} | ${title} | ${detail.replaceAll('|', '\\|')} | ${'error' in more ? `\`${more.error}\`` : ''} |`,
  );
  const head = ['| reason | status | title | detail | OAuth error |', '|---|---|---|---|---|'];
  return `${INTRODUCTION}\n${[...head, ...rows].join('\n')}\n`;
}
