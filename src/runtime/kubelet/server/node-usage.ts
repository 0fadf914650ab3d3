import { cpus, freemem, totalmem, uptime } from 'node:os';

export interface NodeUsage {
  readonly at: number;
  readonly startedAt: number;
  readonly cpuNanoseconds: number;
  readonly cpuNanocores: number;
  readonly memoryBytes: number;
  readonly availableBytes: number;
}

/** CPU time of the machine since its start, without idle time. */
const busyNanoseconds = (): number =>
  cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) * 1e6;

/** Samples what the machine uses; the rate is that since the call before. */
export class NodeSampler {
  #last = { at: Date.now() - uptime() * 1000, cpuNanoseconds: 0, cpuNanocores: 0 };

  read(now: number): NodeUsage {
    const cpuNanoseconds = busyNanoseconds();
    const elapsed = now - this.#last.at;
    const cpuNanocores =
      elapsed >= 1000
        ? Math.max(0, Math.round(((cpuNanoseconds - this.#last.cpuNanoseconds) * 1000) / elapsed))
        : this.#last.cpuNanocores;
    if (elapsed >= 1000) this.#last = { at: now, cpuNanoseconds, cpuNanocores };
    const availableBytes = freemem();
    return {
      at: now,
      startedAt: now - Math.round(uptime() * 1000),
      cpuNanoseconds,
      cpuNanocores,
      memoryBytes: totalmem() - availableBytes,
      availableBytes,
    };
  }
}
