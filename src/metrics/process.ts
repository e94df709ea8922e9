import { Counter, Gauge, type Registry } from 'prom-client';

/** Adds what is known of the process. Not prom-client's own: its watchers of garbage collection and of the event loop run all the time. */
export function addProcess(registry: Registry): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  const total = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  const cpuSeconds = (part: (usage: NodeJS.CpuUsage) => number) => () => part(process.cpuUsage()) / 1e6;
  total(
    'process_cpu_user_seconds_total',
    'User CPU time.',
    cpuSeconds(({ user }) => user),
  );
  total(
    'process_cpu_system_seconds_total',
    'System CPU time.',
    cpuSeconds(({ system }) => system),
  );
  total(
    'process_cpu_seconds_total',
    'User and system CPU time.',
    cpuSeconds(({ user, system }) => user + system),
  );
  const startedAt = Math.round(performance.timeOrigin / 1000);
  gauge('process_start_time_seconds', 'When the process started.', () => startedAt);
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge('nodejs_heap_size_total_bytes', 'Size of the heap.', () => process.memoryUsage().heapTotal);
  gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed);
  gauge('nodejs_external_memory_bytes', 'Memory outside of the heap.', () => process.memoryUsage().external);
  gauge(
    'nodejs_active_resources_total',
    'What keeps the event loop alive.',
    () => process.getActiveResourcesInfo().length,
  );
  new Gauge({
    name: 'nodejs_version_info',
    help: 'Version of Node.',
    labelNames: ['version'],
    registers,
  }).set({ version: process.version }, 1);
}
