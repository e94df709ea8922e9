import { LRUCache } from 'lru-cache';
import { ProviderError } from '../oidc/provider-error.ts';
import { createProviderLoad } from '../oidc/provider-load.ts';
import { withDeadline } from '../token/deadline.ts';

/** What a provider said about one question, and how long that holds. */
export interface ProviderAnswer<T> {
  readonly value: T;
  /** Unix seconds. */
  readonly until: number;
}

/** There is no answer now, and there may be one later. `unavailable` says why, for the log. */
export interface NoAnswer {
  readonly unavailable: string;
}

export const isNoAnswer = (answer: unknown): answer is NoAnswer =>
  typeof answer === 'object' && answer !== null && 'unavailable' in answer;

/** What providers said, by the question. */
export interface ProviderAnswers<T> {
  /** @returns what was said and still holds. */
  known(question: string): T | undefined;
  /** @returns what was said last, whether it still holds or not. */
  last(question: string): T | undefined;
  /**
   * Asks, unless that is known; whoever asks the same meanwhile waits for the one call, 4 s at most.
   * @param question INVARIANT: holds everything that the answer depends on, the credential whole among it
   * @param provider its name: each is spared by itself
   * @param call an answer that heals by itself is thrown, as `ProviderError('provider-unavailable')`
   */
  ask(question: string, provider: string, call: () => Promise<ProviderAnswer<T>>): T | Promise<T | NoAnswer>;
}

export interface ProviderAnswersOptions {
  /** Unix seconds. */
  readonly now: () => number;
  /** A clock that only goes forward. */
  readonly milliseconds?: () => number;
  readonly limits?: Partial<typeof LIMITS>;
}

interface Weighing<T> {
  /** Characters that an answer holds beside its question. */
  readonly weigh?: (value: T) => number;
}

/** `wait` and `pause` are milliseconds; see `LoadLimits`. */
const LIMITS = { wait: 4_000, pause: 2_000, most: 64, failures: 5, entries: 20_000, characters: 33_554_432 };

/**
 * Remembers what providers say about callers, within bounds, and sees to it that nobody can make a storm of questions: one
 * call at a time for each, so many under way at a provider, and a rest for one that fails again and again. Questions that
 * were answered before have room of their own, so that a flood of new ones does not take their place.
 */
export function createProviderAnswers<T>(options: ProviderAnswersOptions & Weighing<T>): ProviderAnswers<T> {
  const { now, milliseconds = () => performance.now() } = options;
  const limits = { ...LIMITS, ...options.limits };
  const answers = new LRUCache<string, ProviderAnswer<T>>({
    max: limits.entries,
    maxSize: limits.characters,
    sizeCalculation: ({ value }, question) => question.length + 512 + (options.weigh?.(value) ?? 0),
  });
  const underWay = new Map<string, Promise<T | NoAnswer>>();
  const load = createProviderLoad(limits, milliseconds);

  function known(question: string): T | undefined {
    const answer = answers.get(question);
    return answer === undefined || now() >= answer.until ? undefined : answer.value;
  }

  async function attempt(
    question: string,
    provider: string,
    call: () => Promise<ProviderAnswer<T>>,
  ): Promise<T | NoAnswer> {
    const lane = answers.has(question) ? `${provider} again` : provider;
    const full = load.enter(lane);
    if (full !== undefined) return { unavailable: full };
    try {
      const answer = await call();
      load.ended(lane, false);
      answers.set(question, answer);
      return answer.value;
    } catch (error) {
      if (!(error instanceof ProviderError) || error.reason !== 'provider-unavailable') throw error;
      load.ended(lane, true);
      return { unavailable: error.message };
    } finally {
      load.leave(lane);
    }
  }

  return {
    known,
    last: (question) => answers.get(question)?.value,
    ask(question, provider, call) {
      const before = known(question);
      if (before !== undefined) return before;
      const flight =
        underWay.get(question) ??
        attempt(question, provider, call).finally(() => {
          underWay.delete(question);
        });
      underWay.set(question, flight);
      return withDeadline<T | NoAnswer>(limits.wait, flight, () => ({
        unavailable: `the provider takes longer than ${limits.wait} ms`,
      }));
    },
  };
}
