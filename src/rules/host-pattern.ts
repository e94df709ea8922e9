import { domainToASCII } from 'node:url'; // the one thing of Node in this room: a pure function (UTS 46)
import { parseHost } from '../forwarded/host.ts';

/** Why a host is refused, and the form to use. */
export interface HostRefusal {
  readonly message: string;
  readonly wayOut: string;
  /** Set when the form is right, but this version lacks it. */
  readonly later?: string;
}

/**
 * Parses a host of a rules file: a name, or `*.name` for exactly one label.
 * @returns its canonical spelling (lower case, punycode), or why it is refused
 */
export function parseHostPattern(text: string): string | HostRefusal {
  if (text.includes('{tenant}')) return { ...refuse('', ''), later: '{tenant}' };
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
  const wildcard = text.startsWith('*.');
  const rest = wildcard ? text.slice(2) : text;
  if (rest.includes('*'))
    return refuse(
      '`*` stands for the whole first label of a host only.',
      'write `"*.example.com"`, or name every host',
    );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what this tells apart
  const name = /^[\u0000-\u007f]*$/.test(rest) ? rest.toLowerCase() : domainToASCII(rest);
  return (
    canonicalName(name, wildcard) ??
    refuse('This is no host name.', 'write a name such as `shop.example.com`')
  );
}

/** @returns the wildcard pattern that would match a canonical host name. */
export function wildcardFor(host: string): string | undefined {
  const dot = host.indexOf('.');
  return dot <= 0 ? undefined : `*${host.slice(dot)}`;
}

function canonicalName(name: string, wildcard: boolean): string | HostRefusal | undefined {
  const host = parseHost(name);
  if (host === undefined || host.finalDot || host.port !== undefined) return undefined;
  if (wildcard && name.startsWith('[')) return undefined;
  const url = `http://${wildcard ? 'a.' : ''}${name}`;
  if (!URL.canParse(url)) return undefined;
  // Browsers ask for addresses in one spelling only.
  const asked = new URL(url).hostname;
  if (asked !== url.slice('http://'.length))
    return refuse('Clients spell this address differently.', `write \`${asked}\``);
  return wildcard ? `*.${name}` : name;
}

const refuse = (message: string, wayOut: string): HostRefusal => ({ message, wayOut });
