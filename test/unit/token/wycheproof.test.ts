import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseJsonObject } from '../../../src/token/json-object.ts';
import { createKeySet } from '../../../src/token/key-set.ts';
import { headerFault, splitToken } from '../../../src/token/token-spelling.ts';
import { verifySignature } from '../../../src/token/verify-signature.ts';

// Beside the project, not in it: C2SP/wycheproof dac1dd4, Apache-2.0.
const FOLDER = new URL('../../../../shared/vectors/wycheproof/', import.meta.url);

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** Vectors whose label is not ours, by file, each with the reason. */
const OURS: Record<string, Readonly<Record<number, { accept: boolean; because: string }>>> = {
  'json_web_signature_test.json': {
    ...Object.fromEntries(
      [259, 264, 268, 272, 320, 325].map((id) => [
        id,
        { accept: false, because: 'an empty payload is no JWT' },
      ]),
    ),
    ...Object.fromEntries(
      [346, 347, 350, 351].map((id) => [id, { accept: false, because: 'the alg of the JWK is another one' }]),
    ),
    ...Object.fromEntries(
      [367, 370, 372, 373].map((id) => [id, { accept: false, because: 'wrong label, and a shared secret' }]),
    ),
  },
  'json_web_key_test.json': {
    7: { accept: true, because: 'ROCA is not looked for: keys come from the issuer itself' },
  },
};

/** Spelled wrongly; jose alone takes them. */
const MISSPELT = [360, 365, 368, 375];

interface Group {
  readonly comment: string;
  readonly public?: Record<string, unknown>;
  readonly private: Record<string, unknown>;
  readonly tests: readonly { tcId: number; comment: string; jws: unknown; result: string }[];
}

async function accepts(jws: unknown, keys: unknown): Promise<boolean> {
  const raw = typeof jws === 'string' ? jws : JSON.stringify(jws);
  const segments = splitToken(raw);
  const header = segments && parseJsonObject(segments.header);
  if (header === undefined || headerFault(header) !== undefined) return false;
  const keySet = createKeySet({
    jwksUri: async () => new URL('https://op.example/jwks'),
    fetch: async () => Response.json({ keys }),
    now: () => 1000,
  });
  return (await verifySignature(raw, keySet, ALGORITHMS)) === undefined;
}

// Shared secrets are never accepted, so what a vector calls valid for one is not.
const isSymmetric = (key: Record<string, unknown>): boolean => key['kty'] === 'oct';

for (const file of ['json_web_signature_test.json', 'json_web_key_test.json']) {
  const path = new URL(file, FOLDER);
  if (!existsSync(path)) {
    test(`wycheproof ${file}: NOT RUN, the folder shared/vectors/wycheproof is absent`, () => {});
    continue;
  }
  const { testGroups } = JSON.parse(readFileSync(path, 'utf8')) as { testGroups: readonly Group[] };
  const rows = testGroups.flatMap((group) =>
    group.tests.map((vector) => {
      const set = group.public ?? group.private;
      const keys = (set['keys'] ?? [set]) as Record<string, unknown>[];
      const labelled = vector.result === 'valid' && !keys.some(isSymmetric);
      const valid = OURS[file]?.[vector.tcId]?.accept ?? labelled;
      return { ...vector, group: group.comment, keys, valid };
    }),
  );

  test(`wycheproof ${file}: ${rows.length} vectors`, async () => {
    expect(rows.length).toBeGreaterThan(20);
    const wrong = [];
    for (const { tcId, group, comment, jws, keys, valid } of rows) {
      if ((await accepts(jws, keys)) !== valid) wrong.push(`${tcId} ${group}: ${comment} should be ${valid}`);
    }
    expect(wrong).toEqual([]);
    expect(rows.some(({ valid }) => valid)).toBe(true);
  });

  if (file !== 'json_web_signature_test.json') continue;
  test.each(rows.filter(({ tcId }) => MISSPELT.includes(tcId)))(
    'wycheproof $tcId is no spelling of a token: $comment',
    ({ jws }) => expect(splitToken(String(jws))).toBeUndefined(),
  );
}
