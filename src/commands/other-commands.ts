import { text as readAll } from 'node:stream/consumers';
import { nearestWord } from '../document/nearest-word.ts';
import { CHECK_OPTIONS, check } from './check.ts';
import { type ExitCode, type Invocation, misuse } from './command.ts';
import { DOCTOR_OPTIONS, doctor } from './doctor.ts';
import { proxy } from './proxy.ts';
import { RULES_OPTIONS, rules } from './rules.ts';
import { schema } from './schema.ts';
import { SESSIONS_OPTIONS, sessions } from './sessions.ts';

/** So that a slip of the pen gets a short answer. */
const NAMES = ['serve', 'check', 'rules', 'schema', 'proxy', 'doctor', 'sessions', 'help'];

/** What the command line says, in the types of the options that any command has. */
export type Values = Parameters<typeof rules>[0]['values'] &
  Parameters<typeof sessions>[0]['values'] &
  Parameters<typeof doctor>[0]['values'] &
  Parameters<typeof check>[0]['values'] & { readonly gateway?: string; readonly upstream?: string[] };

/** The options that every command has. */
export const COMMON: readonly string[] = ['config', 'json', 'help', 'version'];

/** Those that only some have, by command. */
export const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  check: CHECK_OPTIONS,
  proxy: ['gateway', 'upstream'],
  doctor: DOCTOR_OPTIONS,
  ...RULES_OPTIONS,
  ...SESSIONS_OPTIONS,
};

/** Runs a command that is not `serve`, or says why there is none. @param more the words behind its name */
export async function runOther(
  name: string,
  more: readonly string[],
  values: Values,
  invocation: Invocation,
): Promise<ExitCode> {
  const wrong = (message: string): ExitCode => misuse(invocation, message, 'see postern --help');
  const strange = strangeOption(isGroup(name) ? `${name} ${more[0] ?? ''}`.trimEnd() : name, values);
  if (strange !== undefined) return wrong(strange);
  if (name === 'proxy') {
    const { gateway, upstream: upstreams = [] } = values;
    return proxy({ ...invocation, words: more, gateway, upstreams });
  }
  if (name === 'schema') return schema({ ...invocation, words: more });
  if (name === 'rules')
    return rules({ ...invocation, words: more, values, stdin: () => readAll(process.stdin) });
  if (name === 'sessions') return sessions({ ...invocation, words: more, values });
  if (!NAMES.includes(name)) return wrong(`there is no command "${name}"${meant(name)}`);
  if (more.length > 0) return wrong(`"${more[0]}" is one word too many`);
  return name === 'doctor' ? doctor({ ...invocation, values }) : check({ ...invocation, values });
}

/** Commands that are named by two words. */
export const isGroup = (name: string | undefined): boolean => name === 'rules' || name === 'sessions';

const meant = (name: string): string => {
  const near = nearestWord(name, NAMES);
  return near === undefined ? '' : `; did you mean "${near}"?`;
};

/** @returns in words, which option does not belong to the command. */
function strangeOption(command: string, values: object): string | undefined {
  const own = [...COMMON, ...(OPTIONS[command] ?? [])];
  const strange = Object.keys(values).find((option) => !own.includes(option));
  if (strange === undefined) return undefined;
  const owners = Object.keys(OPTIONS).filter((name) => OPTIONS[name]?.includes(strange));
  return `--${strange} belongs to ${owners.map((name) => `\`postern ${name}\``).join(', ')}`;
}
