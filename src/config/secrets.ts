import type { ClientSecret, RedisPasswords } from './config.ts';
import type { Findings, Path } from './findings.ts';
import { pathText } from './key.ts';
import type { RawSecret } from './provider-schema.ts';
import type { NamedProvider } from './providers.ts';
import type { RawConfig } from './schema.ts';
import { readSecret, type SecretSources } from './secret.ts';

const LEAST_BYTES = 32;
const MAKE_ONE = 'make one with `openssl rand -base64 32`';

/** Reads the session secrets: at least one, each of 32 bytes or more, no two alike. */
export function readSessionSecrets(raw: RawConfig, sources: SecretSources, findings: Findings): string[] {
  const { secret, secrets } = raw.session;
  notBoth(['session'], 'secret', 'secrets', secret, secrets, findings);
  const written = placed(['session'], 'secret', 'secrets', secret, secrets);
  if (written.length === 0)
    findings.add(
      ['session', 'secret'],
      'No session secret is configured.',
      `set \`session.secret\`, POSTERN_SESSION_SECRET or POSTERN_SESSION_SECRET_FILE; ${MAKE_ONE}`,
      { restsOn: [['session', 'secrets']], blind: true },
    );
  const seen = new Map<string, string>();
  for (const { path, source } of written) {
    const name = pathText(path);
    const value = read(path, source, sources, findings);
    if (value === undefined) continue;
    const first = seen.get(value);
    if (first !== undefined)
      findings.add(
        path,
        `\`${name}\` is the same secret as \`${first}\`.`,
        'remove it, or put the new secret first',
        {
          blind: true,
        },
      );
    else seen.set(value, name);
    if (Buffer.byteLength(value) < LEAST_BYTES)
      findings.add(
        path,
        `\`${name}\` is shorter than ${LEAST_BYTES} bytes, so it could be guessed.`,
        MAKE_ONE,
        {
          blind: true,
        },
      );
  }
  return [...seen.keys()];
}

/** Reads the client secrets of one provider; none is fine, all expired is not. */
export function readClientSecrets(
  { raw, path }: NamedProvider,
  sources: SecretSources,
  now: number,
  findings: Findings,
): ClientSecret[] {
  notBoth(path, 'clientSecret', 'clientSecrets', raw.clientSecret, raw.clientSecrets, findings);
  const written = placed(path, 'clientSecret', 'clientSecrets', raw.clientSecret, raw.clientSecrets);
  const all = written.flatMap(({ path: at, source }): ClientSecret[] => {
    const value = read(at, source, sources, findings);
    const expires = typeof source === 'object' && 'expires' in source ? source.expires : undefined;
    const expiresAt = expires === undefined ? undefined : parseInstant(expires);
    if (expires !== undefined && expiresAt === undefined)
      findings.add(
        [...at, 'expires'],
        `\`${pathText(at)}.expires\` is no date.`,
        'write `2027-01-01` (it ends as that day begins, in UTC), or with a time `2027-01-01T12:00:00Z`',
      );
    return [{ value: value ?? '', expiresAt }];
  });
  const last = written.at(-1);
  if (last !== undefined && all.every(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now))
    findings.add(
      typeof last.path.at(-1) === 'number' ? [...last.path, 'expires'] : last.path,
      `${all.length === 1 ? 'The only client secret' : 'Every client secret'} of \`${pathText(path)}\` has expired.`,
      'make a new one at the provider and put it into the list',
    );
  return all;
}

/** Reads the passwords of Redis and of its sentinels; none is fine. */
export function readRedisPasswords(
  raw: RawConfig,
  sources: SecretSources,
  findings: Findings,
): RedisPasswords {
  const { redis } = raw.session;
  const at = ['session', 'redis'];
  const password = (path: Path, source: RawSecret | undefined): string | undefined =>
    source === undefined ? undefined : read([...path, 'password'], source, sources, findings);
  return {
    password: password(at, redis?.password),
    sentinelPassword: password([...at, 'sentinel'], redis?.sentinel?.password),
  };
}

/** @returns Unix seconds of `2027-01-01` or `2027-01-01T12:00:00Z`; undefined for what is no such instant. */
export function parseInstant(text: string): number | undefined {
  const match =
    /^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2}))?$/.exec(
      text,
    );
  const [, day = ''] = match ?? [];
  const instant = Date.parse(text);
  // Date.parse takes February 30th for March 2nd.
  const real =
    match !== null && !Number.isNaN(instant) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  return real ? instant / 1000 : undefined;
}

interface PlacedSecret {
  readonly path: Path;
  readonly source: RawSecret;
}

function placed(
  above: Path,
  one: string,
  many: string,
  single: RawSecret | undefined,
  list: readonly RawSecret[] | undefined,
): PlacedSecret[] {
  if (list !== undefined) return list.map((source, at) => ({ path: [...above, many, at], source }));
  return single === undefined ? [] : [{ path: [...above, one], source: single }];
}

function notBoth(
  above: Path,
  one: string,
  many: string,
  single: unknown,
  list: unknown,
  findings: Findings,
): void {
  if (single === undefined || list === undefined) return;
  const [first, second] = [pathText([...above, one]), pathText([...above, many])];
  const message = `\`${first}\` and \`${second}\` are both set.`;
  findings.report([...above, one], message, 'keep one of the two', { on: 'key', blind: true });
}

function read(path: Path, source: RawSecret, sources: SecretSources, findings: Findings): string | undefined {
  const found = readSecret(source, sources);
  if (found.value === undefined) {
    const kind = typeof source === 'object' && 'file' in source ? ['file'] : ['env'];
    findings.add([...path, ...kind], `\`${pathText(path)}\`: ${found.message}`, found.wayOut, {
      blind: true,
    });
  }
  return found.value;
}
