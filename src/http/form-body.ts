import type { IncomingMessage } from 'node:http';
import type { Form } from '../login/backchannel-logout.ts';
import { withDeadline } from '../token/deadline.ts';

/** Bytes; a logout token has a few hundred. */
const MOST = 16 * 1024;
/** Milliseconds for the whole body. */
const LONGEST = 3000;

/**
 * Reads a form that a server sends (`application/x-www-form-urlencoded`), and of nothing else a byte. Not more than 16 KB of
 * it, within three seconds: what exceeds that is left unread.
 * @returns in constant words, why there is none
 */
export async function readForm(request: IncomingMessage): Promise<Form> {
  const { 'content-type': type = '', 'content-length': length = '0' } = request.headers;
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type))
    return 'the body is not application/x-www-form-urlencoded';
  if (Number(length) > MOST) return TOO_LONG;
  const body = await withDeadline(LONGEST, readText(request), () => undefined);
  return body === undefined ? TOO_LONG : new URLSearchParams(body);
}

const TOO_LONG = 'the body is longer than 16 KB, or came too slowly';

/** @returns undefined when there is more of it, or the connection was lost. */
function readText(request: IncomingMessage): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let text = '';
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => {
    text += chunk;
    if (text.length <= MOST) return;
    text = '';
    request.pause();
    resolve(undefined);
  });
  request.once('end', () => resolve(text));
  request.once('error', () => resolve(undefined));
  request.once('close', () => resolve(undefined));
  return promise;
}
