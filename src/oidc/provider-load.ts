/** What each provider is spared, each by itself: more calls at once than it answers, and calls while it fails. */
export interface ProviderLoad {
  /**
   * Asks for room for a call.
   * @param provider its name
   * @returns why there is none now; undefined: there is, and `leave` is to be called once
   */
  enter(provider: string): string | undefined;
  leave(provider: string): void;
  /** Told how a call ended. @param failed in a way that is expected to heal */
  ended(provider: string, failed: boolean): void;
}

/** What `ProviderLoad` is bounded by. */
export interface LoadLimits {
  /** Calls under way at once, per provider: a silent one must not tie up more. */
  readonly most: number;
  /** Failures in a row after which the provider rests for everybody. */
  readonly failures: number;
  /** Milliseconds: it is then asked once in that time, until it answers. */
  readonly pause: number;
}

interface Load {
  underWay: number;
  failures: number;
  /** When the next attempt may be made, while it rests. */
  restsUntil: number;
}

/** @param milliseconds a clock that only goes forward */
export function createProviderLoad(limits: LoadLimits, milliseconds: () => number): ProviderLoad {
  const loads = new Map<string, Load>();
  const loadOf = (provider: string): Load => {
    const load = loads.get(provider) ?? { underWay: 0, failures: 0, restsUntil: 0 };
    loads.set(provider, load);
    return load;
  };
  return {
    enter(provider) {
      const load = loadOf(provider);
      if (load.underWay >= limits.most) return 'too many calls are under way';
      if (load.failures >= limits.failures) {
        if (milliseconds() < load.restsUntil) return 'the provider failed again and again';
        load.restsUntil = milliseconds() + limits.pause;
      }
      load.underWay += 1;
      return undefined;
    },
    leave(provider) {
      loadOf(provider).underWay -= 1;
    },
    ended(provider, failed) {
      const load = loadOf(provider);
      load.failures = failed ? load.failures + 1 : 0;
      // Failures of calls that were under way together do not put the next attempt off.
      if (load.failures === limits.failures) load.restsUntil = milliseconds() + limits.pause;
    },
  };
}
