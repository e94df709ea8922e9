// Runs before `npm run demo` and `npm test` on whatever Node the machine has: installs exactly what the lock
// file names, and does nothing when that is already there.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';

const lock = 'package-lock.json';
const installed = 'node_modules/.postern-lock.json';
const upToDate =
  existsSync(installed) &&
  existsSync('node_modules/.bin/node') &&
  readFileSync(lock, 'utf8') === readFileSync(installed, 'utf8');

if (!upToDate) {
  console.log('Installing what package-lock.json names (about half a minute, once) …');
  // --include=dev: NODE_ENV=production would leave out what the demo and the tests are made of.
  // --ignore-scripts=false: the pinned Node 24 is placed by its own install script.
  const result = spawnSync(
    'npm',
    ['ci', '--include=dev', '--ignore-scripts=false', '--no-audit', '--no-fund', '--loglevel=error'],
    { stdio: 'inherit', shell: process.platform === 'win32' },
  );
  if (result.status !== 0) {
    console.error('\nThe installation failed. Try it alone to see why:  npm ci --ignore-scripts=false');
    process.exitCode = result.status ?? 1;
  } else {
    copyFileSync(lock, installed);
  }
}
