import type { YamlPath } from '../document/yaml-document.ts';
import { isYamlMap, type RulesFile } from './rules-file.ts';

// RFC 9110 section 5.6.2, without `_` and `.`: servers fold those into `-` (CGI), so the name could be imitated.
const NAME = /^[!#$%&'*+^`|~0-9A-Za-z-]+$/;

const HOP_BY_HOP = new Set(
  'connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
);

// Set by Postern, by the proxy, or by HTTP itself.
const TAKEN = new Set(
  `authorization content-length cookie forwarded host set-cookie x-auth-assertion x-auth-client x-auth-reason x-auth-redirect
   x-auth-scopes x-auth-subject x-forwarded-for x-forwarded-host x-forwarded-method x-forwarded-port x-forwarded-prefix
   x-forwarded-proto x-forwarded-server x-forwarded-uri x-original-method x-original-url x-real-ip`.split(
    /\s+/,
  ),
);

/** Reads `headers`: upstream header name -> profile claim. Does *not* know which claims the provider sends. */
export function readHeaderMap(
  file: RulesFile,
  path: YamlPath,
  value: unknown,
): Readonly<Record<string, string>> {
  if (!isYamlMap(value)) {
    file.refuse(
      path,
      'A map of header names to claims must stand here.',
      'write { X-Forwarded-Email: email }',
    );
    return {};
  }
  const seen = new Map<string, string>();
  for (const [name, claim] of Object.entries(value)) {
    const refuse = (message: string, wayOut: string): void =>
      file.refuse([...path, name], message, wayOut, 'key');
    const folded = name.toLowerCase();
    const first = seen.get(folded);
    if (/[_.]/.test(name) && NAME.test(name.replace(/[_.]/g, '-')))
      refuse(
        'A header name with `_` or `.` is read as one with `-` by many servers.',
        `write \`${name.replace(/[_.]/g, '-')}\``,
      );
    else if (!NAME.test(name))
      refuse('This is no HTTP header name (RFC 9110 section 5.1).', 'write letters, digits and `-`');
    else if (HOP_BY_HOP.has(folded))
      refuse(`\`${name}\` ends at the proxy and never reaches the upstream.`, 'choose another name');
    else if (TAKEN.has(folded))
      refuse(`\`${name}\` is set by Postern or the proxy.`, 'choose another name, such as X-Forwarded-User');
    else if (first !== undefined)
      refuse(`\`${name}\` is the same header as \`${first}\`.`, 'keep one of the two');
    seen.set(folded, name);
    file.text([...path, name], claim, 'A claim name');
  }
  return value as Readonly<Record<string, string>>;
}
