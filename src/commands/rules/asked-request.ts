import { domainToASCII } from 'node:url';
import { isHttpToken } from '../../forwarded/request-target.ts';
import type { AskedRequest } from '../../review/evaluate.ts';

/** A request as it was typed, and what was changed to make it one that a client can send. */
export interface TypedRequest {
  readonly asked: AskedRequest;
  /** Sentences. */
  readonly notes: readonly string[];
}

/**
 * Reads `GET https://shop.example.com/api/orders/7?x=1`, or the address alone. Nothing is normalised: the path is what is to be
 * explained.
 * @returns what is wrong with it and what to write instead, when it is none
 */
export function readAsked(words: readonly string[]): TypedRequest | readonly [string, string] {
  const [method = '', address] = words.length === 1 ? ['GET', ...words] : words;
  if (address === undefined || words.length > 2)
    return [
      'one request is explained',
      'write postern rules explain GET https://shop.example.com/api/orders/7',
    ];
  if (!isHttpToken(method)) return [`"${method}" is no HTTP method`, `write GET ${address}`];
  if (method !== method.toUpperCase() && /^(get|head|post|put|patch|delete|options)$/i.test(method))
    return [
      `"${method}" is another method than ${method.toUpperCase()}`,
      `write ${method.toUpperCase()} ${address}`,
    ];
  const [, host, rest = ''] = /^(?:https?|wss?):\/\/([^/?#]*)(.*)$/s.exec(address) ?? [];
  if (host === undefined || host === '')
    return [
      `"${address}" is no whole address`,
      `write scheme and host too, such as https://shop.example.com${address.startsWith('/') ? address : '/'}`,
    ];
  const notes: string[] = [];
  const [withoutFragment = ''] = rest.split('#', 1);
  if (withoutFragment !== rest) notes.push('The fragment is left out: clients never send it.');
  const target = escaped(withoutFragment.startsWith('/') ? withoutFragment : `/${withoutFragment}`);
  if (target !== withoutFragment && /[^\x21-\x7e]/.test(withoutFragment))
    notes.push(`Written as browsers send it: ${target}`);
  return { asked: { method, host: asciiHost(host), target }, notes };
}

/** Browsers escape what is no printable ASCII, and blanks; whoever types an address sees it unescaped. */
const escaped = (target: string): string =>
  target.toWellFormed().replaceAll(/[^\x21-\x7e]+/gu, (raw) => encodeURIComponent(raw));

function asciiHost(host: string): string {
  if (/^[\x21-\x7e]*$/.test(host)) return host;
  const [, name = '', port = ''] = /^(.*?)(:[0-9]*)?$/.exec(host) ?? [];
  return `${domainToASCII(name) || name}${port}`;
}
