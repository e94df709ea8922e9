import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import { expectAnswer } from '../support/refusals.ts';
import { until } from '../support/rules-folder.ts';
import { startTenantWorld, type TenantWorld } from '../support/tenant-world.ts';

const at = (tenant: string): string => `http://${tenant}.shop.localhost:8080`;

let folder: string;
let file: string;
let world: TenantWorld;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-tenants-'));
  file = join(folder, 'tenants.txt');
  writeFileSync(file, 'acme\n');
  world = await startTenantWorld({
    app: 'hosts: ["{tenant}.shop.localhost"]\naudience: "https://{tenant}.api.localhost"\nrules: { /**: ["orders:read"] }\n',
    redirectUris: ['acme', 'globex'].map((tenant) => `${at(tenant)}/_auth/callback`),
    env: { POSTERN_TENANTS_LIST_FILE: file },
    readFile: (path) => (path === file ? readFileSync(path, 'utf8') : undefined),
  });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const events = (event: string) => world.log.filter((line) => line['event'] === event);
const refusals = () => world.log.filter((line) => line['kind'] === 'tenants-refused');

test('the list is read again on a reload: a new tenant can sign in, and one that is gone is a stranger, signed in or not', async () => {
  const anna = new Browser(world);
  await anna.signIn(`${at('acme')}/`);
  expectAnswer(await anna.check(`${at('acme')}/`), 200, 'permitted');
  expectAnswer(await anna.check(`${at('globex')}/`), 403, 'tenant-unknown');

  writeFileSync(file, '# moved\nglobex\n');
  await world.gateway.reload();
  expect(events('tenants-reloaded')).toEqual([expect.objectContaining({ count: 1 })]);
  expectAnswer(await anna.check(`${at('acme')}/`), 403, 'tenant-unknown');
  expectAnswer(await anna.signIn(`${at('globex')}/`), 303, 'login-completed');

  writeFileSync(file, 'acme\nglobex\n');
  await world.gateway.reload();
  expectAnswer(await anna.check(`${at('acme')}/`), 200, 'permitted');
});

test.each([
  ['names nobody', '', 'the file names no tenant'],
  ['holds what is no tenant', 'acme\nnot/one\n', 'the file has a line 2 that is no tenant'],
  ['is gone', undefined, 'the file cannot be read as text'],
])('a list that %s changes nothing', async (_, text, cause) => {
  if (text === undefined) rmSync(file);
  else writeFileSync(file, text);
  await world.gateway.reload();
  expect(refusals()).toEqual([expect.objectContaining({ cause })]);
  expect(events('tenants-reloaded')).toEqual([]);
  expectAnswer(await new Browser(world).check(`${at('acme')}/`), 302, 'login-started');
});

test('the list is followed: a file that is renamed into its place comes into force by itself', async () => {
  await world.gateway.follow();
  writeFileSync(`${file}.new`, 'globex\n');
  renameSync(`${file}.new`, file);
  await until(() => events('tenants-reloaded').length > 0);
  expectAnswer(await new Browser(world).check(`${at('acme')}/`), 403, 'tenant-unknown');
  expectAnswer(await new Browser(world).check(`${at('globex')}/`), 302, 'login-started');
});
