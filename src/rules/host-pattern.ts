import { domainToASCII } from 'node:url'; // the one thing of Node in this room: a pure function (UTS 46)
import { parseHost } from '../forwarded/host.ts';
import type { App } from './rule-set.ts';

/** Why a host is refused, and the form to use. */
export interface HostRefusal {
  readonly message: string;
  readonly wayOut: string;
}

/** How a host begins that stands for exactly one label; `{tenant}` captures it. */
const WILDCARD = '*.';
const TENANT = '{tenant}.';

/**
 * Parses a host of a rules file: a name, or `*.name` or `{tenant}.name` for exactly one label.
 * @returns its canonical spelling (lower case, punycode), or why it is refused
 */
export function parseHostPattern(text: string): string | HostRefusal {
  // The way out drops all at once what does not belong to a host.
  const bare = text
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/[/?#\\].*$/, '')
    .replace(/:[0-9]*$/, '');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    return refuse('A host is written without a scheme.', `write \`${bare}\``);
  if (/[/?#\\]/.test(text)) return refuse('A host is written without a path.', `write \`${bare}\``);
  if (/^[^:]*:[0-9]*$|\]:[0-9]*$/.test(text))
    return refuse('A host is written without a port; every port matches.', `write \`${bare}\``);
  if (text.endsWith('.'))
    return refuse('A host is written without a final dot.', `write \`${text.slice(0, -1)}\``);
  const first = [WILDCARD, TENANT].find((start) => text.startsWith(start)) ?? '';
  const rest = text.slice(first.length);
  if (rest.includes('*'))
    return refuse(
      '`*` stands for the whole first label of a host only.',
      'write `"*.example.com"`, or name every host',
    );
  if (/[{}]/.test(rest))
    return /\{tenant\}/.test(rest)
      ? refuse(
          '`{tenant}` stands for the whole first label of a host only.',
          'write `"{tenant}.example.com"`, or name every host',
        )
      : refuse(
          'The only placeholder of a host is `{tenant}`.',
          'write `"{tenant}.example.com"`, or `"*.example.com"` for any label',
        );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what this tells apart
  const name = /^[\u0000-\u007f]*$/.test(rest) ? rest.toLowerCase() : domainToASCII(rest);
  return (
    canonicalName(name, first) ?? refuse('This is no host name.', 'write a name such as `shop.example.com`')
  );
}

/** @returns the wildcard pattern that would match a canonical host name. */
export function wildcardFor(host: string): string | undefined {
  const dot = host.indexOf('.');
  return dot <= 0 ? undefined : `*${host.slice(dot)}`;
}

/** @returns one spelling for all patterns that match the same hosts: whether the label is captured makes no difference. */
export const hostKey = (pattern: string): string =>
  pattern.startsWith(TENANT) ? `${WILDCARD}${pattern.slice(TENANT.length)}` : pattern;

/** @returns whether the pattern is one exact name. */
export const isExactHost = (pattern: string): boolean => hostKey(pattern).startsWith(WILDCARD) === false;

/**
 * The label that `{tenant}` captures.
 * @param host canonical host name, one that the app owns
 * @returns empty when the app's pattern for this host captures nothing: an exact name, which beats every pattern, or `*`
 */
export function tenantIn(app: App, host: string): string {
  const dot = host.indexOf('.');
  if (dot <= 0 || !app.hosts.includes(`{tenant}${host.slice(dot)}`) || app.hosts.includes(host)) return '';
  return host.slice(0, dot);
}

function canonicalName(name: string, first: string): string | HostRefusal | undefined {
  const host = parseHost(name);
  if (host === undefined || host.finalDot || host.port !== undefined) return undefined;
  if (first !== '' && name.startsWith('[')) return undefined;
  const url = `http://${first === '' ? '' : 'a.'}${name}`;
  if (!URL.canParse(url)) return undefined;
  // Browsers ask for addresses in one spelling only.
  const asked = new URL(url).hostname;
  if (asked !== url.slice('http://'.length))
    return refuse('Clients spell this address differently.', `write \`${asked}\``);
  return first + name;
}

const refuse = (message: string, wayOut: string): HostRefusal => ({ message, wayOut });
