import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { proxy } from '../../../src/commands/proxy.ts';

export const SHOP = `
app: shop
hosts: [shop.example.com, "*.shop.example.com"]
audience: https://api.shop.example.com
headers: { X-Forwarded-Email: email }
rules: { /**: authenticated }
`;
export const OPS = `
app: ops
hosts: [ops.example.com]
audience: https://api.ops.example.com
rules: { /**: authenticated }
`;

export interface Asked {
  /** Rules files. */
  readonly rules?: readonly string[];
  /** Further lines of the configuration. */
  readonly config?: string;
  readonly gateway?: string;
  readonly upstreams?: readonly string[];
  readonly json?: boolean;
  /** In place of the made-up configuration: a whole file, with its secrets in `./client-secret` and `./session-secret`. */
  readonly file?: string;
  /** In place of any file. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `postern proxy …` in this process, on a configuration of its own. */
export async function runProxy(words: string, asked: Asked = {}): Promise<Said> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-proxy-'));
  try {
    mkdirSync(join(folder, 'rules'));
    for (const [at, text] of (asked.rules ?? [SHOP]).entries())
      writeFileSync(join(folder, 'rules', `${at}.yaml`), text);
    const config = [
      'provider: { issuer: "https://id.example.com/", clientId: shop }',
      'session: { secret: "a session secret of 32 bytes or more" }',
      asked.config ?? 'endpoints: [traefik, nginx, envoy]',
      '',
    ];
    writeFileSync(join(folder, 'postern.yaml'), asked.file ?? config.join('\n'));
    for (const name of ['client-secret', 'session-secret'])
      writeFileSync(join(folder, name), 'a secret of 32 bytes or more, in a file');
    let out = '';
    let err = '';
    const code = await proxy({
      env: asked.env ?? {},
      cwd: folder,
      configPath: asked.env === undefined ? join(folder, 'postern.yaml') : undefined,
      json: asked.json === true,
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      words: words.split(' ').filter((word) => word !== ''),
      gateway: asked.gateway,
      upstreams: asked.upstreams ?? [],
    });
    return { code, out, err };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
