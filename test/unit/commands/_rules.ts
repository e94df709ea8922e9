import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from '../../../src/commands/check.ts';
import type { RulesValues } from '../../../src/commands/command.ts';
import { rules } from '../../../src/commands/rules.ts';

/** A sample whose tests pass, without findings. */
export const SHOP = `app: shop
hosts: [shop.example.com, "*.shop.example.com"]
audience: https://api.shop.example.com
headers: { X-Forwarded-Email: email }
rules:
  /:                      public
  /account/**:            authenticated
  /api/orders/**:
    GET:                  [orders:read]
    POST PUT PATCH:       { all: [orders:write], any: [staff, partner] }
    DELETE:               [orders:admin]
  /api/orders/*/internal: deny
  /metrics/**:            { audience: https://ops.example.com, all: [metrics:read] }
tests:
  - { request: GET /,                expect: public }
  - { request: GET /api/orders/7,    scopes: [orders:read], expect: permit }
  - { request: DELETE /api/orders/7, scopes: [orders:read], expect: forbidden, missing: [orders:admin] }
`;

export interface Asked {
  /** Rules files by name; the sample if there are none. */
  readonly files?: Readonly<Record<string, string>>;
  readonly values?: RulesValues;
  readonly json?: boolean;
  readonly stdin?: string;
  /** The provider of the configuration; one that nobody asks unless said otherwise. */
  readonly issuer?: string;
  /** Further lines of the configuration; undefined for no configuration at all. */
  readonly config?: string | undefined;
  /** What `--config` names. */
  readonly configPath?: string;
}

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What the folder holds afterwards beside rules and configuration. */
  readonly written: Readonly<Record<string, string>>;
}

/** Runs `postern rules …` (or `check`) in this process, in a folder of its own. */
export async function runRules(words: readonly string[], asked: Asked = {}): Promise<Said> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-rules-'));
  try {
    mkdirSync(join(folder, 'rules'));
    for (const [name, text] of Object.entries(asked.files ?? { 'shop.yaml': SHOP }))
      writeFileSync(join(folder, 'rules', name), text);
    const hasConfig = !('config' in asked) || asked.config !== undefined;
    const config = [
      `provider: { issuer: "${asked.issuer ?? 'https://id.example.com/'}", clientId: shop }`,
      'session: { secret: "a session secret of 32 bytes or more" }',
      asked.config ?? '',
    ];
    if (hasConfig) writeFileSync(join(folder, 'postern.yaml'), config.join('\n'));
    let [out, err] = ['', ''];
    const invocation = {
      env: {},
      cwd: folder,
      configPath: asked.configPath,
      json: asked.json === true,
      out: (text: string) => {
        out += text;
      },
      err: (text: string) => {
        err += text;
      },
    };
    const code =
      words[0] === 'check'
        ? await check({ ...invocation, values: asked.values ?? {} })
        : await rules({
            ...invocation,
            words,
            values: asked.values ?? {},
            stdin: async () => asked.stdin ?? '',
          });
    const names = readdirSync(folder).filter((name) => name !== 'rules' && name !== 'postern.yaml');
    const written = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
    return { code, out: out.replaceAll(folder, '.'), err: err.replaceAll(folder, '.'), written };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lines that are there to be copied, and are never broken. */
const TO_COPY = /^ {2}-> (?:why|begin with)|^ {3,5}- \{ request: /;

/** Lines of a text that no terminal of 100 columns can show, or that end in a blank. */
export const badLines = (text: string): readonly string[] =>
  text.split('\n').filter((line) => ([...line].length > 100 && !TO_COPY.test(line)) || /\s$/.test(line));
