import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunningServer, serveHere } from '../../demo/listener.ts';
import { createAssertions } from '../../src/assertion/assertion.ts';
import { deriveAssertionKeys } from '../../src/assertion/assertion-keys.ts';
import type { AccessToken } from '../../src/token/access-token.ts';

/** The verifiers of docs/assertion.md, as they stand there, against assertions as the gateway signs them. */
const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/assertion.md'), 'utf8');
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, 's').exec(PAGE)?.[1] ?? '';

const ISSUER = 'https://shop.example.com/_auth';
const TERMS = { algorithm: 'ES256', audience: 'shop.example.com', issuer: ISSUER } as const;
const NOW = Math.floor(Date.now() / 1000);
const KEYS = deriveAssertionKeys('a session secret of more than 32 bytes', 'k');
const signed = (terms: object = {}, at = NOW, keys = KEYS): string =>
  createAssertions(keys, () => at).of(
    {
      subject: 'änna',
      client: 'shop',
      scopes: new Set(['a', 'b']),
      expiresAt: at + 300,
    } as unknown as AccessToken,
    { ...TERMS, ...terms },
  );
const GOOD = signed();
const swapped = (text: string, part: number, value: object): string =>
  text
    .split('.')
    .map((one, at) => (at === part ? Buffer.from(JSON.stringify(value)).toString('base64url') : one))
    .join('.');
const header = (text: string): object =>
  JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString());

const folder = mkdtempSync(join(tmpdir(), 'postern-verifiers-'));
let server: RunningServer;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  const { jwks } = createAssertions(KEYS, () => NOW);
  server = await serveHere(
    createServer((_, response) =>
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(jwks)),
    ),
  );
  environment = {
    ...process.env,
    ASSERTION_ISSUER: ISSUER,
    ASSERTION_AUDIENCE: 'shop.example.com',
    ASSERTION_KEYS: `${server.origin}/jwks.json`,
    GOCACHE: join(folder, 'go-cache'),
    GOFLAGS: '-mod=mod',
    GO111MODULE: 'off',
  };
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = promisify(execFile);
const write = (file: string, text: string): string => {
  writeFileSync(join(folder, file), text);
  return join(folder, file);
};

/** How a verifier is made ready, and run on one assertion: it prints the subject. */
const VERIFIERS: Readonly<Record<string, () => Promise<(assertion: string) => Promise<string>>>> = {
  js: async () => {
    const file = write(
      'verify.mjs',
      `${block('js')}\nprocess.stdout.write((await caller(process.argv[2])).sub);\n`,
    );
    return async (assertion) => (await run(process.execPath, [file, assertion], { env: environment })).stdout;
  },
  python: async () => {
    const file = write(
      'verify.py',
      `${block('python')}\n\nimport sys\nsys.stdout.buffer.write(caller(sys.argv[1])["sub"].encode())\n`,
    );
    return async (assertion) =>
      (await run('/usr/bin/python3', [file, assertion], { env: environment })).stdout;
  },
  go: async () => {
    const page = block('go').replace('"encoding/json"', '"encoding/json"\n\t"fmt"');
    const main = `\nfunc main() {\n\tkeys, err := Keys(os.Getenv("ASSERTION_KEYS"))\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tcaller, err := Verify(os.Args[1], keys)\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tfmt.Print(caller.Subject)\n}\n`;
    const file = write('verify.go', `${page}\n${main}`);
    const binary = join(folder, 'verify-go');
    await run('go', ['build', '-o', binary, file], { env: environment });
    return async (assertion) => (await run(binary, [assertion], { env: environment })).stdout;
  },
};

describe.each(Object.keys(VERIFIERS))('the verifier in %s', (language) => {
  let verify: (assertion: string) => Promise<string>;
  beforeAll(async () => {
    verify = await (VERIFIERS[language] as (typeof VERIFIERS)[string])();
  }, 120_000);

  test('says who is asking', async () => {
    expect(await verify(GOOD)).toBe('änna');
  });

  test.each<[what: string, assertion: string]>([
    ['for another host', signed({ audience: 'other.example.com' })],
    ['of another gateway', signed({ issuer: 'https://other.example.com/_auth' })],
    ['that has expired', signed({}, NOW - 400)],
    ['by another secret', signed({}, NOW, deriveAssertionKeys('another secret of more than 32 bytes', 'k'))],
    ['by another algorithm', signed({ algorithm: 'EdDSA' })],
    [
      'whose subject was changed',
      swapped(GOOD, 1, { sub: 'ben', aud: TERMS.audience, iss: ISSUER, exp: NOW + 60 }),
    ],
    ['that is another kind of token', swapped(GOOD, 0, { ...header(GOOD), typ: 'at+jwt' })],
    ['without a signature', swapped(GOOD, 0, { ...header(GOOD), alg: 'none' }).replace(/[^.]*$/, '')],
  ])('refuses one %s', async (_, assertion) => {
    await expect(verify(assertion)).rejects.toMatchObject({ code: expect.any(Number) });
  });
});
