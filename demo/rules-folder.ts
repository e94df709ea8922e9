import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RULES = join(import.meta.dirname, 'rules');
/** The port that demo/rules names in `origins`. */
const WRITTEN = 8080;

/** A rules folder, as long as it is needed. */
export interface RulesFolder extends AsyncDisposable {
  readonly path: string;
}

/** @returns demo/rules itself, so that a change there is followed; for another port than it names, a copy. */
export async function rulesFolder(port: number): Promise<RulesFolder> {
  if (port === WRITTEN) return { path: RULES, async [Symbol.asyncDispose]() {} };
  const path = await mkdtemp(join(tmpdir(), 'postern-demo-rules-'));
  for (const name of await readdir(RULES)) {
    const text = await readFile(join(RULES, name), 'utf8');
    await writeFile(join(path, name), text.replaceAll(`.localhost:${WRITTEN}`, `.localhost:${port}`));
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
