import type { Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { RuntimeFailure } from '../container-runtime.js';
import type { StoredSandbox } from './stored-state.js';

/** Serves the host ports of pods: TCP connections to `hostIP:hostPort` (127.0.0.1 when none is said) reach the pod. */
export class HostPorts {
  readonly #servers = new Map<string, Server[]>();

  /** Throws RuntimeFailure `create-failed` when a port is taken. */
  async open(stored: StoredSandbox): Promise<void> {
    const servers: Server[] = [];
    this.#servers.set(stored.sandbox.id, servers);
    for (const port of stored.config.ports) {
      if (port.hostPort === 0 || port.protocol !== 'TCP' || stored.config.hostNetwork) continue;
      const host = port.hostIp ?? '127.0.0.1';
      // Where all pods share one address, a pod that listens on the host port itself needs nobody in between.
      if (host === stored.address && port.hostPort === port.containerPort) continue;
      try {
        servers.push(await forward(host, port.hostPort, stored.address, port.containerPort));
      } catch (error) {
        this.close(stored.sandbox.id);
        throw new RuntimeFailure(
          'create-failed',
          `Cannot open host port ${host}:${port.hostPort} for pod ${stored.config.podNamespace}/${stored.config.podName}: ${(error as Error).message}`,
          { cause: error },
        );
      }
    }
  }

  close(sandboxId: string): void {
    for (const server of this.#servers.get(sandboxId) ?? []) server.close();
    this.#servers.delete(sandboxId);
  }

  closeAll(): void {
    for (const id of this.#servers.keys()) this.close(id);
  }
}

const forward = (host: string, port: number, targetHost: string, targetPort: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, (from) => {
      const to = connect({ host: targetHost, port: targetPort, allowHalfOpen: true });
      from.on('error', () => to.destroy());
      to.on('error', () => from.destroy());
      from.on('close', () => to.destroy());
      to.on('close', () => from.destroy());
      from.pipe(to);
      to.pipe(from);
    });
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
