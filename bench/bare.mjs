// @ts-check
// The yardstick, as a process of its own: a `node:http` server that sends a given answer and does nothing else. Plain
// JavaScript for the reason of probe.mjs.
import { createServer } from 'node:http';

/** @typedef {import('./answer.ts').Answer} Answer */

/** @type {Answer} */
let answer = { status: 503, lines: [], body: '' };

const server = createServer((_request, response) => {
  response.writeHead(answer.status, /** @type {string[]} */ (answer.lines));
  response.end(answer.body);
});
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: /** @type {import('node:net').AddressInfo} */ (server.address()).port }),
);

process.on('message', (message) => {
  if (typeof message !== 'object' || message === null || !('answer' in message)) return;
  answer = /** @type {Answer} */ (message.answer);
  process.send?.('ready');
});
