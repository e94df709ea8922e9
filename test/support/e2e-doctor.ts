import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Finding, Open } from '../../src/doctor/finding.ts';
import { PROJECT } from './e2e-gateway.ts';

export interface DoctorSaid {
  readonly code: number;
  readonly findings: readonly Finding[];
  readonly open: readonly Omit<Open, 'level'>[];
}

/** Runs `postern doctor` of the built program. Not in step with this process: the provider may live in it. */
export const askDoctor = (
  settings: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<DoctorSaid> =>
  new Promise((resolve, reject) => {
    const command = [join(PROJECT, 'dist/main.js'), 'doctor', '--json', ...args];
    execFile(process.execPath, command, { env: settings, encoding: 'utf8' }, (error, out, err) => {
      const code = error === null ? 0 : error.code;
      if (typeof code !== 'number' || code > 1) reject(new Error(`the doctor ended with ${code}:\n${err}`));
      else resolve({ code, ...(JSON.parse(out) as Omit<DoctorSaid, 'code'>) });
    });
  });
