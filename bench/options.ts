import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FACTS } from './facts.ts';
import type { MeasureOptions } from './measure.ts';
import { type Peer, parsePeer } from './peer.ts';
import { SCENARIOS } from './scenarios.ts';

export interface Options extends MeasureOptions {
  /** Names of scenarios and facts; all of them unless `--only` says otherwise. */
  readonly names: ReadonlySet<string>;
  readonly complete: boolean;
  /** Where the results go; undefined: the default place, for complete runs only. */
  readonly json: string | undefined;
  readonly strict: boolean;
  readonly profile: boolean;
}

export const USAGE = `npm run bench [-- options]

  --rounds N        turns of bare server and gateway, of which the median counts (default 5)
  --seconds S       of load in each turn (default 3)
  --connections N   kept open, each with one request under way (default 16)
  --only NAME       this alone; may be repeated. ${SCENARIOS.map(({ name }) => name).join(', ')},
                    ${Object.keys(FACTS).join(', ')}
  --json FILE       results as JSON (default for complete runs: bench/results/<date>-<revision>.json)
  --peer NAME=URL   also measure another program's check with the same client headers; may be repeated
  --profile         instead of measuring, show where the gateway spends its time
  --program FILE    the built gateway (default dist/main.js)
  --strict          exit 1 when a budget is missed
  --help            this text
`;

const number = (text: string, name: string, least: number): number => {
  const value = Number(text);
  if (!(value >= least)) throw new Error(`--${name} ${text} is no number from ${least}`);
  return value;
};

/** @returns undefined when the text about usage is wanted. @throws an error that says what is wrong */
export function readOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      connections: { type: 'string', default: '16' },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      peer: { type: 'string', multiple: true, default: [] },
      profile: { type: 'boolean', default: false },
      program: { type: 'string', default: 'dist/main.js' },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const all = [...SCENARIOS.map(({ name }) => name), ...Object.keys(FACTS)];
  const strange = values.only.find((name) => !all.includes(name));
  if (strange !== undefined) throw new Error(`there is no "${strange}" to measure`);
  const peers = values.peer.map((text): Peer => {
    const peer = parsePeer(text);
    if (peer === undefined) throw new Error(`--peer ${text} is not NAME=http://host:port/path`);
    return peer;
  });
  return {
    rounds: Math.floor(number(values.rounds, 'rounds', 1)),
    seconds: number(values.seconds, 'seconds', 0.1),
    connections: Math.floor(number(values.connections, 'connections', 1)),
    names: new Set(values.only.length === 0 ? all : values.only),
    complete: values.only.length === 0,
    json: values.json,
    peers,
    profile: values.profile,
    program: resolve(values.program),
    strict: values.strict,
  };
}
