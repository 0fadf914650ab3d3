import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Clock } from '../../../objects/clock.js';
import type {
  ContainerConfig,
  ContainerRuntime,
  ContainerStatus,
  Image,
  RuntimeEvent,
  Sandbox,
  SandboxConfig,
} from '../container-runtime.js';
import { RuntimeFailure } from '../container-runtime.js';
import { EventHub } from '../event-hub.js';
import { ImageNames } from '../image-names.js';
import { RUNS_TO_COMPLETION, SIMULATED_EXIT_CODE, stableId } from '../labels.js';

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  /** Hands out pod addresses. Default: one counter for the whole process, so that several nodes never collide. */
  readonly nextAddress?: () => string;
}

let addressesGiven = 0;

/** 10.128.0.1, 10.128.0.2, ...: eight million addresses before the first repeats. */
const nextSharedAddress = (): string => {
  addressesGiven = (addressesGiven % 0x7f_ff_fe) + 1;
  return `10.${128 + (addressesGiven >>> 16)}.${(addressesGiven >>> 8) & 0xff}.${addressesGiven & 0xff}`;
};

interface SimulatedPod {
  readonly sandbox: Sandbox;
  readonly containers: Set<string>;
}

/**
 * Runs nothing: sandboxes and containers are entries in memory, running as soon as they are started, whatever their
 * image and command. Containers that are expected to end (RUNS_TO_COMPLETION) end at once with exit code 0.
 */
class SimulatedRuntime implements ContainerRuntime {
  readonly name = 'simulated';
  readonly #clock: Clock;
  readonly #nextAddress: () => string;
  readonly #pods = new Map<string, SimulatedPod>();
  readonly #containers = new Map<string, ContainerStatus>();
  readonly #images = new ImageNames('simulated');
  readonly #events = new EventHub<RuntimeEvent>();
  readonly #ended = new EventHub<string>();

  constructor(options: SimulatedRuntimeOptions) {
    this.#clock = options.clock;
    this.#nextAddress = options.nextAddress ?? nextSharedAddress;
  }

  version() {
    return Promise.resolve({ runtime: 'simulated', version: '1', apiVersion: 'v1' });
  }

  runPodSandbox(config: SandboxConfig): Promise<Sandbox> {
    const id = stableId('sandbox', config.podUid, config.attempt);
    const present = this.#pods.get(id)?.sandbox;
    if (present !== undefined) {
      return present.state === 'ready'
        ? Promise.resolve(present)
        : Promise.reject(
            new RuntimeFailure('conflict', `sandbox ${config.attempt} of pod ${podText(config)} has ended`),
          );
    }
    const sandbox: Sandbox = {
      id,
      podName: config.podName,
      podNamespace: config.podNamespace,
      podUid: config.podUid,
      attempt: config.attempt,
      state: 'ready',
      createdAt: this.#clock.now(),
      ...(config.hostNetwork ? {} : { ip: this.#nextAddress() }),
      labels: config.labels,
      annotations: config.annotations,
    };
    this.#pods.set(id, { sandbox, containers: new Set() });
    return Promise.resolve(sandbox);
  }

  stopPodSandbox(id: string): Promise<void> {
    const pod = this.#pods.get(id);
    if (pod === undefined || pod.sandbox.state === 'notReady') return Promise.resolve();
    for (const container of pod.containers) this.#end(container, 137, 'Error');
    this.#pods.set(id, { ...pod, sandbox: { ...pod.sandbox, state: 'notReady' } });
    this.#events.emit({ type: 'sandboxExited', sandboxId: id });
    return Promise.resolve();
  }

  async removePodSandbox(id: string): Promise<void> {
    const pod = this.#pods.get(id);
    if (pod === undefined) return;
    await this.stopPodSandbox(id);
    for (const container of pod.containers) this.#containers.delete(container);
    this.#pods.delete(id);
    this.#events.emit({ type: 'sandboxRemoved', sandboxId: id });
  }

  listPodSandboxes(): Promise<readonly Sandbox[]> {
    return Promise.resolve(Array.from(this.#pods.values(), (pod) => pod.sandbox));
  }

  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    const pod = this.#pods.get(sandboxId);
    if (pod === undefined) {
      return Promise.reject(new RuntimeFailure('not-found', `no sandbox ${sandboxId} for pod ${podText(sandbox)}`));
    }
    const id = stableId('container', sandboxId, config.name, config.attempt);
    const present = this.#containers.get(id);
    if (present !== undefined && present.state !== 'created') {
      return Promise.reject(
        new RuntimeFailure('conflict', `container "${config.name}" (${config.attempt}) exists already`),
      );
    }
    const exitCode = config.annotations[SIMULATED_EXIT_CODE] ?? sandbox.annotations[SIMULATED_EXIT_CODE];
    this.#containers.set(id, {
      id,
      sandboxId,
      name: config.name,
      attempt: config.attempt,
      image: config.image,
      imageId: config.imageId,
      state: 'created',
      createdAt: this.#clock.now(),
      labels: config.labels,
      annotations:
        exitCode === undefined ? config.annotations : { ...config.annotations, [SIMULATED_EXIT_CODE]: exitCode },
    });
    pod.containers.add(id);
    return Promise.resolve(id);
  }

  startContainer(id: string): Promise<void> {
    const container = this.#containers.get(id);
    if (container === undefined) return Promise.reject(new RuntimeFailure('not-found', `no container ${id}`));
    if (container.state === 'running') return Promise.resolve();
    if (container.state !== 'created') {
      return Promise.reject(new RuntimeFailure('conflict', `container "${container.name}" has run already`));
    }
    this.#containers.set(id, { ...container, state: 'running', startedAt: this.#clock.now() });
    this.#events.emit({ type: 'containerStarted', sandboxId: container.sandboxId, containerId: id });
    const exitCode = Number(container.annotations[SIMULATED_EXIT_CODE] ?? Number.NaN);
    if (Number.isInteger(exitCode)) this.#end(id, exitCode, exitCode === 0 ? 'Completed' : 'Error');
    else if (container.annotations[RUNS_TO_COMPLETION] === 'true') this.#end(id, 0, 'Completed');
    return Promise.resolve();
  }

  /** A simulated container obeys its stop signal, as a well-behaved program does: exit code 0. */
  stopContainer(id: string): Promise<void> {
    this.#end(id, 0, 'Completed');
    return Promise.resolve();
  }

  removeContainer(id: string): Promise<void> {
    const container = this.#containers.get(id);
    if (container === undefined) return Promise.resolve();
    this.#end(id, 137, 'Error');
    this.#containers.delete(id);
    this.#pods.get(container.sandboxId)?.containers.delete(id);
    this.#events.emit({ type: 'containerRemoved', sandboxId: container.sandboxId, containerId: id });
    return Promise.resolve();
  }

  listContainers() {
    return Promise.resolve([...this.#containers.values()]);
  }

  containerStatus(id: string) {
    return Promise.resolve(this.#containers.get(id));
  }

  /** Nothing runs, so every command succeeds at once without output: exec probes and hooks pass. */
  execSync(id: string) {
    if (this.#containers.get(id)?.state !== 'running') {
      return Promise.reject(new RuntimeFailure('not-found', `container ${id} is not running`));
    }
    return Promise.resolve({ exitCode: 0, stdout: new Uint8Array(), stderr: new Uint8Array() });
  }

  exec(): Promise<number> {
    return Promise.reject(new RuntimeFailure('unsupported', 'a simulated container runs no commands'));
  }

  async attach(id: string, _options: unknown, signal: AbortSignal): Promise<void> {
    await this.#untilEnded(id, signal);
  }

  portForward(): Promise<never> {
    return Promise.reject(new RuntimeFailure('unsupported', 'a simulated pod listens on no port'));
  }

  containerStats() {
    return Promise.resolve([]);
  }

  /** A simulated container says nothing. */
  logs(id: string, options: { readonly follow: boolean }, signal: AbortSignal): Promise<Readable> {
    if (!this.#containers.has(id)) return Promise.reject(new RuntimeFailure('not-found', `no container ${id}`));
    const stream = new PassThrough();
    if (options.follow) void this.#untilEnded(id, signal).then(() => stream.end());
    else stream.end();
    return Promise.resolve(stream);
  }

  async pullImage(image: string): Promise<string> {
    return this.#images.pull(image);
  }

  async listImages(): Promise<readonly Image[]> {
    return this.#images.list();
  }

  async imageStatus(image: string): Promise<Image | undefined> {
    return this.#images.image(image);
  }

  async removeImage(image: string): Promise<void> {
    this.#images.remove(image);
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#events.listen(signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #end(id: string, exitCode: number, reason: string): void {
    const container = this.#containers.get(id);
    if (container?.state !== 'running') return;
    this.#containers.set(id, { ...container, state: 'exited', finishedAt: this.#clock.now(), exitCode, reason });
    this.#ended.emit(id);
    this.#events.emit({ type: 'containerExited', sandboxId: container.sandboxId, containerId: id });
  }

  async #untilEnded(id: string, signal: AbortSignal): Promise<void> {
    const ended = this.#ended.listen(signal);
    if (this.#containers.get(id)?.state === 'exited') return;
    for await (const endedId of ended) if (endedId === id) return;
  }
}

const podText = (config: SandboxConfig): string => `${config.podNamespace}/${config.podName}`;

/** The runtime of scale tests and trials: see SimulatedRuntime. */
export const createSimulatedRuntime = (options: SimulatedRuntimeOptions): ContainerRuntime =>
  new SimulatedRuntime(options);
