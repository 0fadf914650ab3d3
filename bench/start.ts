import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer } from '../test/e2e/fairlead.js';
import type { Benchmark } from './benchmark.js';
import { mebibytes, milliseconds, timed } from './benchmark.js';

/** Resident memory and CPU time of a process, from /proc. */
export const usageOf = (pid: number): { readonly rss: number; readonly cpuMs: number } => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rss = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { rss, cpuMs: (Number(fields[11]) + Number(fields[12])) * 10 };
};

const IDLE_MS = 20_000;

export const start: Benchmark = {
  name: 'start',
  title: 'A server on an empty data folder, simulated runtime',
  run: async () => {
    const { ms, value: server } = await timed(() => startServer(['--runtime', 'simulated']));
    try {
      await delay(5000);
      const before = usageOf(server.pid);
      await delay(IDLE_MS);
      const after = usageOf(server.pid);
      const share = ((after.cpuMs - before.cpuMs) / IDLE_MS) * 100;
      return [
        { what: 'process start to ready', ours: milliseconds(ms), aim: 'under 1 s' },
        { what: 'idle memory', ours: mebibytes(after.rss), aim: 'under 150 MiB' },
        { what: 'idle CPU', ours: `${share.toFixed(2)} % of a core` },
      ];
    } finally {
      await server.remove();
    }
  },
};
