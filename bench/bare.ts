// The yardstick, as a process of its own: a `node:http` server that sends a given answer and does nothing else.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer } from './answer.ts';

let answer: Answer = { status: 503, lines: [], body: '' };

const server = createServer((_request, response) => {
  response.writeHead(answer.status, answer.lines as string[]);
  response.end(answer.body);
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));

process.on('message', (message: unknown) => {
  if (typeof message !== 'object' || message === null || !('answer' in message)) return;
  answer = message.answer as Answer;
  process.send?.('ready');
});
