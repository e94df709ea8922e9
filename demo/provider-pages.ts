import { escapeHtml, htmlPage } from './html.ts';
import type { Person } from './provider-options.ts';

/** The sign-in page: every person is a button, with what they hold. There are no passwords to remember. */
export function loginPage(client: string, people: readonly Person[]): string {
  const buttons = people.map((person) => {
    const holds = Object.values(person.holds).flat().join(' ') || 'nothing';
    return `<li><button type="submit" name="person" value="${escapeHtml(person.id)}">${escapeHtml(person.name)}</button>
${escapeHtml(person.role)}: <code>${escapeHtml(holds)}</code></li>`;
  });
  return htmlPage(
    'Sign in as …',
    `<p>This is the OpenID Provider of the demo. <strong>${escapeHtml(client)}</strong> asks who you are.</p>
<form method="post">
<ul class="people">
${buttons.join('\n')}
</ul>
<p><button type="submit" name="cancel" value="yes">Cancel</button></p>
</form>`,
  );
}

/** The consent page: what the client asks for, to allow or to deny as a whole. */
export function consentPage(client: string, scopes: readonly string[]): string {
  const items = scopes.map((scope) => `<li><code>${escapeHtml(scope)}</code></li>`);
  return htmlPage(
    'Allow access?',
    `<p><strong>${escapeHtml(client)}</strong> asks for:</p>
<ul>
${items.join('\n')}
</ul>
<form method="post">
<p><button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button></p>
</form>`,
  );
}

/**
 * The page that asks before the provider's own session ends.
 * @param form the provider's form element `op.logoutForm` with its XSRF secret
 */
export function logoutPage(form: string): string {
  return htmlPage(
    'Sign out here too?',
    `<p>The app has ended its session. Shall the session at the OpenID Provider end as well?</p>
${form}
<p><button type="submit" form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>
<button type="submit" form="op.logoutForm">No, stay signed in</button></p>`,
  );
}

/** Where a logout ends that names no page to return to. */
export function loggedOutPage(): string {
  return htmlPage('Signed out', '<p>The session at the OpenID Provider has ended.</p>');
}

/** An error that cannot be sent back to the client. */
export function errorPage(error: string, description: string | undefined): string {
  const detail = description === undefined ? '' : `<p>${escapeHtml(description)}</p>`;
  return htmlPage('The provider cannot go on', `<p><code>${escapeHtml(error)}</code></p>\n${detail}`);
}
