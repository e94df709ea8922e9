import { createServer, type IncomingMessage } from 'node:http';
import { type Arrival, arrivalOf } from './arrival.ts';
import { escapeHtml, htmlPage, PAGE_HEADERS } from './html.ts';
import { type RunningServer, serveHere } from './listener.ts';

/** A protected app: it knows nothing of logins and shows what the gateway told it. */
export interface SampleApp {
  readonly title: string;
  /** Addresses to try, with what happens there. */
  readonly links: readonly (readonly [path: string, what: string])[];
  /** A path whose form can be sent, and the label of its button. */
  readonly form?: readonly [path: string, label: string];
  /** A cookie of its own, which must pass untouched. */
  readonly cookie?: string;
}

export const SHOP: SampleApp = {
  title: 'Shop',
  links: [
    ['/', 'public: anybody'],
    ['/account', 'any signed-in person'],
    ['/orders?view=open', 'needs orders:read'],
    ['/stock', 'needs orders:write, which the first visit here asks for'],
    ['/api/orders/7', 'JSON, needs orders:read'],
    ['/api/orders/7/internal', 'denied to everybody'],
  ],
  form: ['/orders', 'Place an order (needs orders:write: visit /stock first)'],
  cookie: 'basket',
};

export const OPS: SampleApp = {
  title: 'Ops',
  links: [
    ['/', 'needs status:read'],
    ['/metrics', 'needs metrics:read'],
  ],
};

/**
 * Starts a sample app on a free port of 127.0.0.1.
 * @param origin of another host whose scripts may read its API; undefined for none
 */
export async function startApp(app: SampleApp, origin?: string): Promise<RunningServer> {
  const server = createServer((req, res) => {
    req.resume();
    const path = req.url?.split('?', 1)[0] ?? '/';
    if (path === '/favicon.ico') return void res.writeHead(204).end();
    const arrival = arrivalOf(req);
    const cookie =
      app.cookie === undefined ? {} : { 'Set-Cookie': `${app.cookie}=full; Path=/; HttpOnly; SameSite=Lax` };
    if (path.startsWith('/api/')) {
      // What is permitted, the app answers for itself: the gateway lets a script read its own refusals only.
      const cors: Record<string, string> =
        origin !== undefined && req.headers.origin === origin
          ? { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' }
          : {};
      const json = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Vary: 'Origin' };
      res.writeHead(200, { ...json, ...cors, ...cookie });
      return void res.end(`${JSON.stringify({ method: req.method, path, ...arrival }, undefined, 1)}\n`);
    }
    res.writeHead(200, { ...PAGE_HEADERS, ...cookie }).end(appPage(app, req, arrival));
  });
  return serveHere(server);
}

function appPage(app: SampleApp, req: IncomingMessage, arrival: Arrival): string {
  const facts = Object.entries({
    asked: `${req.method} ${req.url}`,
    subject: arrival.subject || 'nobody',
    client: arrival.client || 'none',
    scopes: arrival.scopes || 'none',
    token:
      arrival.token === undefined
        ? 'no access token arrived'
        : `an access token for ${arrival.token.audience} with ${arrival.token.scopes || 'no scopes'}`,
    cookies: arrival.cookies.join(', ') || 'none arrived',
  }).map(([name, value]) => `<dt>${name}</dt><dd id="${name}">${escapeHtml(value)}</dd>`);
  const links = app.links.map(
    ([path, what]) => `<li><a href="${escapeHtml(path)}">${escapeHtml(path)}</a> ${escapeHtml(what)}</li>`,
  );
  const form =
    app.form === undefined
      ? ''
      : `<form method="post" action="${app.form[0]}"><p><button type="submit">${escapeHtml(app.form[1])}</button></p></form>`;
  return htmlPage(
    app.title,
    `<p>A page of a sample app, which sees only what the gateway lets through:</p>
<dl>
${facts.join('\n')}
</dl>
<h2>Try</h2>
<ul>
${links.join('\n')}
</ul>
${form}
<p><a href="/_auth/">Your account at the gateway</a></p>
<form method="post" action="/_auth/logout"><p><button type="submit">Sign out</button></p></form>`,
  );
}
