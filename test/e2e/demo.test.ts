/** The whole demo, as `npm run demo -- --check` runs it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { checkWorld } from '../../demo/check.ts';
import { type Hop, Journey } from '../../demo/journey.ts';
import { findTraefik } from '../../demo/traefik.ts';
import { startWorld } from '../../demo/world.ts';
import { Jar } from '../support/jar.ts';

const PATIENCE = 30_000;

describe('the story of the demo', () => {
  test('is right through the built-in proxy', () => tell('built-in'), PATIENCE);

  const traefik = findTraefik();
  if (traefik === undefined) {
    test.skip('through a real Traefik: neither TRAEFIK_BIN nor `traefik` on the path names one', () => {});
  } else {
    test('is right through a real Traefik', () => tell(traefik), PATIENCE);
  }

  async function tell(proxy: string): Promise<void> {
    await using world = await startWorld({ port: 0, proxy });
    const printed: string[] = [];
    const right = await checkWorld(world, (line) => printed.push(line));
    expect(printed.filter((line) => line.startsWith('✘') || line.startsWith('   '))).toEqual([]);
    expect(right).toBe(true);
    expect(printed.at(-1)).toContain(world.proxy);
    expect(printed.filter((line) => line.length > 100)).toEqual([]);
  }
});

test(
  'a hop that is not as expected is said to be wrong, with what it was',
  async () => {
    await using world = await startWorld({ port: 0, proxy: 'built-in' });
    const hops: Hop[] = [];
    const journey = new Journey(world, (hop) => hops.push(hop));
    const home = () => new Jar().page(`${world.shop}/`);
    await journey.hop('status', home, { status: 302 });
    await journey.hop('reason', home, { status: 200, reason: 'permitted' });
    await journey.hop('location', home, { status: 200, location: 'http://elsewhere/' });
    await journey.hop('told', home, { status: 200, told: { subject: 'anna' } });
    await journey.hop('says', home, { status: 200, says: 'something else' });
    await journey.hop('header', home, { status: 200, header: ['www-authenticate', 'Bearer'] });
    expect(hops.map(({ wrong }) => wrong)).toEqual([
      ['status is "200", expected "302"'],
      ['reason is "public", expected "permitted"'],
      ['Location is "absent", expected "http://elsewhere/"'],
      ['what the app was told of subject is "nobody", expected "anna"'],
      ['the answer does not say "something else"'],
      ['www-authenticate is "absent", expected "Bearer"'],
    ]);
  },
  PATIENCE,
);

describe('the command', () => {
  let child: ChildProcessWithoutNullStreams | undefined;
  // Not SIGKILL: what it started would stay.
  afterEach(() => void child?.kill('SIGTERM'));

  const run = (...args: string[]) => {
    child = spawn(process.execPath, ['demo/main.mjs', ...args], {
      cwd: resolve(import.meta.dirname, '../..'),
    });
    return child;
  };

  const saying = (demo: ChildProcessWithoutNullStreams, word: string) =>
    new Promise<string>((resolve, reject) => {
      let said = '';
      demo.stdout.on('data', (chunk) => {
        said += chunk;
        if (said.includes(word)) resolve(said);
      });
      demo.once('exit', () => reject(new Error(`it ended after saying ${said}`)));
    });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'says what to open and ends on %s with everything it started',
    async (signal) => {
      const demo = run('--port', '0', '--proxy', 'built-in');
      const said = await saying(demo, 'Ctrl-C');
      const shop = /^Open {2}(http:\/\/shop\.localhost:\d+\/)$/m.exec(said)?.[1] ?? '';
      const issuer = /(http:\/\/127\.0\.0\.1:\d+)\/token/.exec(said)?.[1] ?? '';
      expect((await new Jar().page(shop)).status).toBe(200);
      expect(said.split('\n').filter((line) => line.length > 100)).toEqual([]);
      demo.kill(signal);
      expect(await once(demo, 'exit')).toEqual([0, null]);
      await expect(new Jar().page(shop)).rejects.toThrow('ECONNREFUSED');
      await expect(fetch(issuer)).rejects.toThrow();
    },
    PATIENCE,
  );

  test('answers misuse with its usage and 2', async () => {
    for (const args of [['--nonsense'], ['--port', 'x']]) {
      const demo = run(...args);
      const [complaint, [code]] = await Promise.all([text(demo.stderr), once(demo, 'exit')]);
      expect(complaint).toContain('npm run demo [-- options]');
      expect(code).toBe(2);
    }
  });
});
