import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { startProvider } from '../../demo/provider.ts';
import { startChild } from '../support/e2e-child.ts';
import { PROJECT } from '../support/e2e-gateway.ts';

/**
 * The stages of the Dockerfile, run as plain commands in folders of their own: no engine is at hand here, so what its
 * base image brings is not tested.
 */
interface Stage {
  readonly name: string;
  readonly steps: readonly (readonly [instruction: string, rest: string])[];
}

const DOCKERFILE = readFileSync(join(PROJECT, 'Dockerfile'), 'utf8');

const stages: readonly Stage[] = DOCKERFILE.split(/^FROM /m)
  .slice(1)
  .map((text) => {
    const [from = '', ...lines] = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const steps = lines.map(
      (line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)] as const,
    );
    return { name: / AS (\w+)/.exec(from)?.[1] ?? 'final', steps };
  });

const root = mkdtempSync(join(tmpdir(), 'postern-image-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const folderOf = (stage: string): string => join(root, stage);
// Node 24 as in the image: the scripts of npm find the one that runs this test.
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };

function build(stage: Stage): void {
  const folder = folderOf(stage.name);
  mkdirSync(folder, { recursive: true });
  for (const [instruction, rest] of stage.steps) {
    if (instruction === 'COPY') copy(rest.split(' '), folder);
    if (instruction === 'RUN') execFileSync('sh', ['-c', rest], { cwd: folder, env, stdio: 'pipe' });
  }
}

function copy(words: readonly string[], folder: string): void {
  const from = words[0]?.startsWith('--from=') ? folderOf(words[0].slice('--from='.length)) : PROJECT;
  const paths = words.filter((word) => !word.startsWith('--'));
  const target = paths.at(-1) ?? '.';
  for (const path of paths.slice(0, -1)) {
    const name = path.replace(/^\/build\//, '');
    cpSync(join(from, name), join(folder, target === './' ? name : target), { recursive: true });
  }
}

describe('the image', () => {
  test('is built by its stages, one after the other', () => {
    for (const stage of stages) build(stage);
    const app = folderOf('final');
    expect(readdirSync(app).sort()).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json']);
    expect(existsSync(join(app, 'node_modules/jest'))).toBe(false);
    expect(existsSync(join(app, 'node_modules/express'))).toBe(true);
  }, 180_000);

  test('runs as somebody without rights, without a shell, and says so', () => {
    const final = new Map(stages.at(-1)?.steps);
    expect([final.get('USER'), final.get('ENTRYPOINT'), final.get('CMD')]).toEqual([
      'node',
      '["node", "dist/main.js"]',
      '["serve"]',
    ]);
  });

  test('serves, and its own health check passes', async () => {
    await using provider = await startProvider({ people: [], resources: [], clients: [] });
    writeFileSync(join(root, 'shop.yaml'), 'app: shop\nhosts: [shop.localhost]\nrules: { /: public }\n');
    const gateway = startChild(
      'the image',
      process.execPath,
      [join(folderOf('final'), 'dist/main.js'), 'serve'],
      {
        NODE_ENV: 'production',
        POSTERN_LISTEN: '127.0.0.1:0',
        POSTERN_PAGES_LISTEN: '127.0.0.1:0',
        POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
        POSTERN_PROVIDER_ISSUER: provider.issuer,
        POSTERN_PROVIDER_CLIENT_ID: 'shop',
        POSTERN_SESSION_SECRET: 'a session secret of the image suite, long enough',
        POSTERN_RULES: join(root, 'shop.yaml'),
      },
    );
    try {
      await gateway.wrote('"event":"started"');
      const line =
        gateway
          .output()
          .split('\n')
          .find((one) => one.includes('"event":"started"')) ?? '{}';
      const { adminListen } = JSON.parse(line) as { adminListen: string };
      const [, words = '[]'] = /^HEALTHCHECK .*? CMD (\[.*\])$/m.exec(DOCKERFILE) ?? [];
      const [, ...args] = (JSON.parse(words) as string[]).map((word) =>
        word.replace('127.0.0.1:4181', adminListen),
      );
      expect(spawnSync(process.execPath, args).status).toBe(0);
      expect(await gateway.stop()).toBe(0);
      expect(spawnSync(process.execPath, args).status).toBe(1);
    } finally {
      await gateway.stop('SIGKILL');
    }
  });
});
