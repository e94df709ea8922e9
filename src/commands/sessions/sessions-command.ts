import type { Config } from '../../config/config.ts';
import type { KeptSessions } from '../../session/kept-sessions.ts';
import type { ExitCode, Invocation } from '../command.ts';

/** Beside what every command is given: the words after `postern sessions …`, and the options of those commands. */
export interface SessionsInvocation extends Invocation {
  readonly words: readonly string[];
  readonly values: SessionsValues;
}

/** What the options of `postern sessions …` say; other-commands.ts has checked that the command has them. */
export interface SessionsValues {
  readonly id?: string | undefined;
  readonly subject?: string | undefined;
  readonly client?: string | undefined;
  readonly sid?: string | undefined;
  readonly provider?: string | undefined;
  readonly limit?: string | undefined;
}

/** Where the sessions are. */
export interface SessionsPlace {
  readonly kept: KeptSessions;
  readonly config: Config;
  /** Unix seconds. */
  readonly now: number;
}

/** Answers one of `postern sessions …`. */
export type SessionsCommand = (invocation: SessionsInvocation, place: SessionsPlace) => Promise<ExitCode>;
