import { mkdtempSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import { startGatewayProcess } from '../support/e2e-gateway.ts';

/** How one request ended: a status, or the code of a lost one. */
type End = number | string;

let provider: RunningProvider;
let settings: Record<string, string>;
beforeAll(async () => {
  provider = await startProvider({ people: [], resources: [], clients: [] });
  const rules = join(mkdtempSync(join(tmpdir(), 'postern-')), 'shop.yaml');
  writeFileSync(rules, 'app: shop\nhosts: [shop.localhost]\nrules: { /**: public }\n');
  settings = {
    POSTERN_PROVIDER_ISSUER: provider.issuer,
    POSTERN_PROVIDER_CLIENT_ID: 'shop',
    POSTERN_SESSION_SECRET: 'a session secret of the lifecycle suite, long enough',
    POSTERN_RULES: rules,
  };
});
afterAll(async () => {
  await provider.close();
});

const check = (address: string, agent: Agent): Promise<End> =>
  new Promise((resolve) => {
    const [host, port] = address.split(':');
    const headers = {
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'shop.localhost',
      'X-Forwarded-Uri': '/',
    };
    const sent = request({ host, port, path: '/verify', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end();
  });

describe('SIGTERM', () => {
  test('in the middle of a load loses no request, says so, and exits with 0', async () => {
    await using gateway = await startGatewayProcess(settings);
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const ends = new Map<End, number>();
    // As a load balancer does: it looks at the readiness every now and then, and sends until that goes off.
    let ready = true;
    const prober = (async (): Promise<void> => {
      while (ready) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        ready = (await fetch(`http://${gateway.listen}/readyz`)).ok;
      }
    })();
    const worker = async (): Promise<void> => {
      while (ready) {
        const end = await check(gateway.listen, agent);
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
    };
    const load = Promise.all(Array.from({ length: 20 }, worker));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const exit = gateway.stop();
    await Promise.all([load, prober]);
    agent.destroy();
    expect(await exit).toBe(0);
    expect([...ends.keys()]).toEqual([200]);
    expect(ends.get(200)).toBeGreaterThan(100);
    expect(gateway.log().at(-1)).toMatchObject({ event: 'stopping', signal: 'SIGTERM' });
  });

  test('turns readiness off while it still answers', async () => {
    await using gateway = await startGatewayProcess(settings);
    const exit = gateway.stop();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const ready = await fetch(`http://${gateway.listen}/readyz`);
    expect([ready.status, await ready.json(), ready.headers.get('connection')]).toEqual([
      503,
      { status: 'not ready', reasons: ['stopping'] },
      'close',
    ]);
    expect(await exit).toBe(0);
  });
});
