/** Seconds. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5];

/** A histogram in plain numbers: prom-client's takes a third of a microsecond for each check. */
export interface Durations {
  add(seconds: number): void;
  /** @returns its lines in the Prometheus text format. */
  text(): string;
}

export function createDurations(): Durations {
  const name = 'postern_check_duration_seconds';
  // One more for what is above the last bucket.
  const counts = new Float64Array(BUCKETS.length + 1);
  let sum = 0;
  return {
    add(seconds) {
      let bucket = 0;
      while (bucket < BUCKETS.length && seconds > (BUCKETS[bucket] as number)) bucket += 1;
      counts[bucket] = (counts[bucket] as number) + 1;
      sum += seconds;
    },
    text() {
      let count = 0;
      const lines = [...BUCKETS, '+Inf'].map((bound, bucket) => {
        count += counts[bucket] as number;
        return `${name}_bucket{le="${bound}"} ${count}`;
      });
      return [
        `# HELP ${name} Time from a read check to its reply.`,
        `# TYPE ${name} histogram`,
        ...lines,
        `${name}_sum ${sum}`,
        `${name}_count ${count}`,
      ].join('\n');
    },
  };
}
