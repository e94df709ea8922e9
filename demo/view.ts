import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { escapeHtml, htmlPage, PAGE_HEADERS } from './html.ts';
import { type RunningServer, serveHere } from './listener.ts';

const script = (name: string): string => readFileSync(join(import.meta.dirname, 'view', name), 'utf8');

/**
 * Starts a single-page view on a free port of 127.0.0.1: static files that nobody guards. Its script calls an API on
 * another host, which the gateway guards, with the cookie of that host.
 * @param api origin of the API, as browsers reach it
 */
export async function startView(api: string): Promise<RunningServer> {
  const headers = {
    ...PAGE_HEADERS,
    'Content-Security-Policy': `default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src ${api}; base-uri 'none'; frame-ancestors 'none'`,
  };
  const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
    '/': ['text/html; charset=utf-8', viewPage(api)],
    '/view.js': ['text/javascript; charset=utf-8', script('view.js')],
    '/signed-in': [
      'text/html; charset=utf-8',
      htmlPage('Signed in', '<script src="/signed-in.js"></script>'),
    ],
    '/signed-in.js': ['text/javascript; charset=utf-8', script('signed-in.js')],
  };
  const server = createServer((req, res) => {
    req.resume();
    const [type, text] = files[req.url?.split('?', 1)[0] ?? '/'] ?? [];
    if (type === undefined) return void res.writeHead(404).end();
    res.writeHead(200, { ...headers, 'Content-Type': type }).end(text);
  });
  return serveHere(server);
}

const viewPage = (api: string): string =>
  htmlPage(
    'Orders, a single-page view',
    `<p>This page is on a host of its own; its script calls <code id="api">${escapeHtml(api)}</code> with your session
there. When that has ended, sign in and go on: what you have typed stays.</p>
<p><label>A note <input id="note" autocomplete="off"></label></p>
<p><button type="button" id="load">Load the order</button></p>
<dl>
<dt>state</dt><dd id="state" role="status">nothing loaded yet</dd>
<dt>order</dt><dd id="order">none</dd>
</dl>
<p><button type="button" id="renew" hidden>Sign in and go on</button>
<button type="button" id="leave" hidden>Sign in without a popup</button></p>
<script src="/view.js"></script>`,
  ).replace('<body>', `<body data-api="${escapeHtml(api)}">`);
