import { EventEmitter } from 'node:events';

/** One answer of the gateway, as it logged it. */
export interface Decision {
  readonly reason: string;
  readonly status: number;
  readonly host: string | undefined;
  readonly method: string | undefined;
  readonly path: string | undefined;
}

/** The decisions of a gateway in the order that it logged them. */
export class DecisionLog {
  readonly #decisions: Decision[] = [];
  readonly #news = new EventEmitter();

  /** How many there are: hand it to `after`. */
  get length(): number {
    return this.#decisions.length;
  }

  /**
   * Takes a line of the log.
   * @returns the line's object; undefined when it is none
   */
  read(line: string): Record<string, unknown> | undefined {
    let event: Record<string, unknown> & Partial<Decision>;
    try {
      event = JSON.parse(line);
    } catch {
      return undefined;
    }
    if (event['event'] === 'decided') {
      const { reason = '', status = 0, host, method, path } = event;
      this.#decisions.push({ reason, status, host, method, path });
      this.#news.emit('decision');
    }
    return event;
  }

  /**
   * The first decision about a request that was logged after the first `mark` ones.
   * @returns undefined when a second passed without it
   */
  async after(mark: number, host: string, method: string, path: string): Promise<Decision | undefined> {
    const find = () =>
      this.#decisions
        .slice(mark)
        .find((one) => one.host === host && one.method === method && one.path === path);
    const late = AbortSignal.timeout(1_000);
    while (find() === undefined && !late.aborted) {
      await new Promise<void>((resolve) => {
        const go = () => {
          this.#news.off('decision', go);
          late.removeEventListener('abort', go);
          resolve();
        };
        this.#news.once('decision', go);
        late.addEventListener('abort', go);
      });
    }
    return find();
  }
}
