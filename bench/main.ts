import { FACTS, type Fact } from './facts.ts';
import { countCrypto, measure } from './measure.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { profile } from './profile.ts';
import {
  FACTS_HEAD,
  factLines,
  noiseLine,
  PATHS_HEAD,
  pathLines,
  surroundings,
  writeResults,
} from './report.ts';
import { type PathResult, pathResult } from './result.ts';
import { SCENARIOS } from './scenarios.ts';
import { startWorld, type World } from './world.ts';

const print = (...lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

/** @returns the exit code: 0 measured, 1 a budget was missed and `--strict` was said, 2 misuse; a measurement that fails throws */
async function main(argv: readonly string[]): Promise<0 | 1 | 2> {
  let options: Options | undefined;
  try {
    options = readOptions(argv);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options === undefined) {
    print(USAGE);
    return 0;
  }
  await using world = await startWorld(options.program);
  if (options.profile) {
    for (const scenario of SCENARIOS) {
      if (options.names.has(scenario.name)) print(...(await profile(scenario, world, options)), '');
    }
    return 0;
  }

  const about = surroundings();
  const { machine, versions } = about;
  print(
    `Postern ${versions.postern} (${about.revision}${about.modified ? ', modified' : ''}), Node ${versions.node}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memory}, ${machine.os}, load ${machine.load.join(' ')}`,
    `${options.rounds} rounds of ${options.seconds} s, ${options.connections} connections; times in µs`,
    '',
  );
  const paths = await measurePaths(world, options);
  const facts = await measureFacts(world, options);
  const file = writeResults(about, options, paths, facts);
  const missed = [...paths, ...facts].filter(({ met }) => met === false);
  const open = facts.filter(({ budget, met }) => budget !== undefined && met === undefined);
  print(
    ...(paths.length === 0 ? [] : [noiseLine(paths)]),
    ...(file === undefined ? [] : [`all figures: ${file}`]),
    ...(open.length === 0 ? [] : [`not judged: ${open.map(({ title }) => title).join(', ')}`]),
    missed.length > 0
      ? `missed: ${missed.map(({ name }) => name).join(', ')}`
      : `every ${open.length > 0 ? 'other ' : ''}budget is met`,
  );
  return missed.length > 0 && options.strict ? 1 : 0;
}

async function measurePaths(world: World, options: Options): Promise<readonly PathResult[]> {
  const results: PathResult[] = [];
  for (const scenario of SCENARIOS.filter(({ name }) => options.names.has(name))) {
    if (results.length === 0) print(PATHS_HEAD);
    const missing = scenario.missing?.(world);
    if (missing !== undefined) {
      print(`${scenario.title}: not measured: ${missing}`);
      continue;
    }
    const rounds = await measure(scenario, world, options);
    const counted =
      scenario.crypto === undefined ? undefined : await countCrypto(scenario, world, options.program);
    const result = pathResult(scenario, world, rounds, counted);
    results.push(result);
    print(...pathLines(result));
  }
  if (results.length > 0) print('');
  return results;
}

async function measureFacts(world: World, options: Options): Promise<readonly Fact[]> {
  const results: Fact[] = [];
  for (const [name, make] of Object.entries(FACTS)) {
    if (!options.names.has(name)) continue;
    if (results.length === 0) print(FACTS_HEAD);
    const facts = await make(world, options);
    results.push(...facts);
    print(...facts.flatMap(factLines));
  }
  if (results.length > 0) print('');
  return results;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).stack}\n`);
  process.exitCode = 2;
}
