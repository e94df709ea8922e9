import type { Findings, Path } from './findings.ts';
import { pathText } from './key.ts';

/**
 * Reads a file of certificate authorities.
 * @param at the key that names it
 * @param read undefined when the file cannot be read
 * @returns PEM
 */
export function readAuthorities(
  path: string,
  at: Path,
  read: (path: string) => string | undefined,
  findings: Findings,
): string | undefined {
  const text = read(path);
  const fault =
    text === undefined
      ? 'cannot be read'
      : text.includes('-----BEGIN CERTIFICATE-----')
        ? undefined
        : 'holds no certificate in PEM form';
  if (fault !== undefined)
    findings.add(
      at,
      `\`${pathText(at)}\`: the file ${fault}.`,
      'check the path, who may read the file, and that it begins with `-----BEGIN CERTIFICATE-----`',
    );
  return text;
}
