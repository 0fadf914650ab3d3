import { appendFileSync } from 'node:fs';
import { Agent } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import Docker from 'dockerode';
import type { Logger } from 'pino';
import type { Clock } from '../../../objects/clock.js';
import type {
  Container,
  ContainerConfig,
  ContainerRuntime,
  ContainerStats,
  ContainerStatus,
  ExecResult,
  Image,
  LogOptions,
  PullOptions,
  RuntimeEvent,
  RuntimeFailureCode,
  Sandbox,
  SandboxConfig,
  StreamOptions,
} from '../container-runtime.js';
import { RuntimeFailure } from '../container-runtime.js';
import { INSTANCE_LABEL, SANDBOX_ID_LABEL, TYPE_LABEL } from './container-labels.js';
import { containerOf, sandboxOf, statusOf } from './container-state.js';
import type { EngineTraits } from './create-options.js';
import { containerCreateOptions, sandboxCreateOptions } from './create-options.js';
import { asFailure, statusCodeOf, unlessGone } from './engine-errors.js';
import { engineEvents } from './engine-events.js';
import { engineLogs } from './engine-logs.js';
import { imageStatus, listImages, pullImage, removeImage } from './images.js';
import { instanceId, loadTraits, rememberUnprotected } from './instance-id.js';
import { forwardPort } from './port-forward.js';
import { ensureSandboxImage } from './sandbox-image.js';
import { statsOf } from './stats.js';
import { attachStreams, execCollecting, execStreaming } from './streaming.js';

export interface DockerRuntimeOptions {
  /** Path of the engine's Unix socket, as `/var/run/docker.sock`. */
  readonly socketPath: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Keeps the name under which this node's containers are known to the engine. */
  readonly root: string;
  /** The engine's network for pods. Default: `bridge`. */
  readonly network?: string;
}

/** Runs containers on a Docker engine, or on what speaks its API (Podman). */
class DockerRuntime implements ContainerRuntime {
  readonly name = 'docker';
  readonly #docker: Docker;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #instance: string;
  readonly #network: string;
  readonly #root: string;
  #traits: EngineTraits;

  constructor(options: DockerRuntimeOptions) {
    // The client hands the agent on to Node; its types do not know.
    const connection = { socketPath: options.socketPath, agent: this.#agent };
    this.#docker = new Docker(connection);
    this.#clock = options.clock;
    this.#log = options.log;
    this.#root = options.root;
    this.#instance = instanceId(options.root);
    this.#traits = loadTraits(options.root);
    this.#network = options.network ?? 'bridge';
  }

  async version() {
    const version = await this.#ask(this.#docker.version(), 'ask for the version of the engine', 'unavailable');
    return { runtime: 'docker', version: version.Version, apiVersion: version.ApiVersion };
  }

  async runPodSandbox(config: SandboxConfig, signal: AbortSignal): Promise<Sandbox> {
    const attempted = `make the sandbox of pod ${podText(config)}`;
    const imageId = await this.#ask(ensureSandboxImage(this.#docker, signal), attempted, 'create-failed');
    const traits = this.#traits;
    try {
      return await this.#runSandbox(config, imageId, traits, attempted, signal);
    } catch (error) {
      if (!traits.protectsFromOom || !(error instanceof RuntimeFailure) || error.code !== 'create-failed') throw error;
      // Some engines may not lower the score of the out-of-memory killer, and say so in no clear words.
      const humble = { protectsFromOom: false };
      const sandbox = await this.#runSandbox(config, imageId, humble, attempted, signal).catch(() => {
        throw error;
      });
      if (this.#traits.protectsFromOom) {
        this.#traits = humble;
        rememberUnprotected(this.#root);
        this.#log.warn('the engine cannot protect pods from the out-of-memory killer (it lacks CAP_SYS_RESOURCE)');
      }
      return sandbox;
    }
  }

  async stopPodSandbox(id: string, signal: AbortSignal): Promise<void> {
    const containers = await this.#list({ label: [`${SANDBOX_ID_LABEL}=${id}`], status: ['running'] }, signal);
    await Promise.all(containers.map((container) => this.stopContainer(container.Id, 0, signal)));
    await this.#ask(
      unlessGone(this.#docker.getContainer(id).stop({ t: 10, abortSignal: signal })),
      `stop sandbox ${id}`,
      'unavailable',
    );
  }

  async removePodSandbox(id: string, signal: AbortSignal): Promise<void> {
    const containers = await this.#list({ label: [`${SANDBOX_ID_LABEL}=${id}`] }, signal);
    await Promise.all(containers.map((container) => this.removeContainer(container.Id, signal)));
    await this.removeContainer(id, signal);
  }

  async listPodSandboxes(signal: AbortSignal): Promise<readonly Sandbox[]> {
    return (await this.#list({ label: [`${TYPE_LABEL}=podsandbox`] }, signal)).map(sandboxOf);
  }

  async createContainer(
    sandboxId: string,
    config: ContainerConfig,
    sandbox: SandboxConfig,
    signal: AbortSignal,
  ): Promise<string> {
    const attempted = `create container "${config.name}" of pod ${podText(sandbox)}`;
    const { terminationMessage } = config;
    if (terminationMessage !== undefined) appendFileSync(terminationMessage.hostPath, '');
    const options = containerCreateOptions(sandboxId, config, sandbox, this.#instance, this.#traits);
    return this.#create(options, attempted, signal);
  }

  async startContainer(id: string, signal: AbortSignal): Promise<void> {
    const container = this.#docker.getContainer(id);
    const { State: state, Name: name } = await this.#ask(
      container.inspect({ abortSignal: signal }),
      `start container ${id}`,
      'start-failed',
    );
    if (state.Running) return;
    // The engine would run it a second time.
    if (state.Status !== 'created') throw new RuntimeFailure('conflict', `container ${name} has run already`);
    try {
      await container.start({ abortSignal: signal });
    } catch (error) {
      if (statusCodeOf(error) !== undefined) {
        throw new RuntimeFailure('start-failed', asFailure(error, `start container ${name}`, 'start-failed').message, {
          cause: error,
        });
      }
      throw asFailure(error, `start container ${name}`, 'start-failed');
    }
  }

  async stopContainer(id: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const container = this.#docker.getContainer(id);
    // The engine does not wait at all with a time of 0, and counts whole seconds otherwise.
    const t = Math.ceil(timeoutMs / 1000);
    await this.#ask(unlessGone(container.stop({ t, abortSignal: signal })), `stop container ${id}`, 'unavailable');
  }

  async removeContainer(id: string, signal: AbortSignal): Promise<void> {
    const work = this.#docker.getContainer(id).remove({ force: true, v: true, abortSignal: signal });
    try {
      await unlessGone(work);
    } catch (error) {
      // Somebody else's removal of it is under way.
      if (statusCodeOf(error) !== 409) throw asFailure(error, `remove container ${id}`, 'unavailable');
    }
  }

  async listContainers(signal: AbortSignal): Promise<readonly Container[]> {
    return (await this.#list({ label: [`${TYPE_LABEL}=container`] }, signal)).map(containerOf);
  }

  async containerStatus(id: string, signal: AbortSignal): Promise<ContainerStatus | undefined> {
    const inspected = unlessGone(this.#docker.getContainer(id).inspect({ abortSignal: signal }));
    const info = await this.#ask(inspected, `inspect container ${id}`, 'unavailable');
    return info === undefined ? undefined : statusOf(info);
  }

  execSync(id: string, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ExecResult> {
    const container = this.#docker.getContainer(id);
    return this.#ask(
      execCollecting(container, command, timeoutMs, this.#clock, signal),
      `run a command in container ${id}`,
      'unavailable',
    );
  }

  exec(id: string, options: StreamOptions, signal: AbortSignal): Promise<number> {
    const container = this.#docker.getContainer(id);
    return this.#ask(
      execStreaming(container, options, this.#clock, signal),
      `run a command in container ${id}`,
      'unavailable',
    );
  }

  attach(id: string, options: Omit<StreamOptions, 'command'>, signal: AbortSignal): Promise<void> {
    const container = this.#docker.getContainer(id);
    return this.#ask(attachStreams(container, options, signal), `attach to container ${id}`, 'unavailable');
  }

  async portForward(sandboxId: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const inspected = this.#docker.getContainer(sandboxId).inspect({ abortSignal: signal });
    const info = await this.#ask(inspected, `find sandbox ${sandboxId}`, 'unavailable');
    const addresses = Object.values(info.NetworkSettings.Networks).map(({ IPAddress }) => IPAddress);
    const ip = addresses.find((address) => address !== '');
    return forwardPort({ text: info.Name.slice(1), ip, pid: info.State.Pid }, port, signal);
  }

  async containerStats(signal: AbortSignal): Promise<readonly ContainerStats[]> {
    const running = await this.#list({ label: [`${TYPE_LABEL}=container`], status: ['running'] }, signal);
    const ids = running.map(({ Id: id }) => id);
    return this.#ask(statsOf(this.#docker, ids, this.#clock), 'ask for usage of containers', 'unavailable');
  }

  logs(id: string, options: LogOptions, signal: AbortSignal): Promise<Readable> {
    return this.#ask(
      engineLogs(this.#docker.getContainer(id), options, signal),
      `read the log of ${id}`,
      'unavailable',
    );
  }

  pullImage(image: string, credentials: PullOptions | undefined, signal: AbortSignal): Promise<string> {
    return pullImage(this.#docker, image, credentials, signal);
  }

  listImages(signal: AbortSignal): Promise<readonly Image[]> {
    return this.#ask(listImages(this.#docker, signal), 'list images', 'unavailable');
  }

  imageStatus(image: string, signal: AbortSignal): Promise<Image | undefined> {
    return imageStatus(this.#docker, image, signal);
  }

  removeImage(image: string, signal: AbortSignal): Promise<void> {
    return removeImage(this.#docker, image, signal);
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return engineEvents(this.#docker, this.#instance, this.#clock, this.#log, signal);
  }

  close(): Promise<void> {
    this.#agent.destroy();
    return Promise.resolve();
  }

  async #ask<T>(work: Promise<T>, attempted: string, otherwise: RuntimeFailureCode): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw asFailure(error, attempted, otherwise);
    }
  }

  #list(filters: { label: string[]; status?: string[] }, signal: AbortSignal): Promise<Docker.ContainerInfo[]> {
    const label = [...filters.label, `${INSTANCE_LABEL}=${this.#instance}`];
    const listed = this.#docker.listContainers({
      all: true,
      filters: { ...filters, label },
      abortSignal: signal,
    });
    return this.#ask(listed, 'list containers', 'unavailable');
  }

  async #runSandbox(
    config: SandboxConfig,
    imageId: string,
    traits: EngineTraits,
    attempted: string,
    signal: AbortSignal,
  ): Promise<Sandbox> {
    const options = sandboxCreateOptions(config, imageId, this.#network, this.#instance, traits);
    const id = await this.#create(options, attempted, signal);
    try {
      await unlessGone(this.#docker.getContainer(id).start({ abortSignal: signal }));
    } catch (error) {
      // Left alone it would hold the name and, half made, be taken for a sandbox that has ended.
      await this.removePodSandbox(id, signal).catch(() => undefined);
      throw asFailure(error, attempted, 'create-failed');
    }
    const sandbox = await this.#findSandbox(id, signal);
    if (sandbox?.state === 'ready') return sandbox;
    throw new RuntimeFailure('create-failed', `Cannot ${attempted}: it ended at once`);
  }

  async #findSandbox(id: string, signal: AbortSignal): Promise<Sandbox | undefined> {
    const listed = await this.#docker.listContainers({ all: true, filters: { id: [id] }, abortSignal: signal });
    return listed.map(sandboxOf)[0];
  }

  /**
   * Creates a container, once: its name is unique for what it stands for. One that was created but never started (a
   * crash came between) is made anew, because its settings may be old; one that has run is a conflict, but a sandbox
   * that still runs is the one wanted.
   */
  async #create(options: Docker.ContainerCreateOptions, attempted: string, signal: AbortSignal): Promise<string> {
    const { name = '' } = options;
    try {
      return (await this.#docker.createContainer({ ...options, abortSignal: signal })).id;
    } catch (error) {
      if (statusCodeOf(error) !== 409) throw this.#createFailure(error, attempted);
    }
    const present = await unlessGone(this.#docker.getContainer(name).inspect({ abortSignal: signal }));
    const isSandbox = present?.Config.Labels[TYPE_LABEL] === 'podsandbox';
    if (present !== undefined && isSandbox && present.State.Running) return present.Id;
    if (present !== undefined && present.State.Status !== 'created') {
      throw new RuntimeFailure('conflict', `Cannot ${attempted}: ${name} exists already`);
    }
    if (present !== undefined) await this.removeContainer(present.Id, signal);
    try {
      return (await this.#docker.createContainer({ ...options, abortSignal: signal })).id;
    } catch (error) {
      throw this.#createFailure(error, attempted);
    }
  }

  #createFailure(error: unknown, attempted: string): Error {
    const failure = asFailure(error, attempted, 'create-failed');
    if (!(failure instanceof RuntimeFailure) || failure.code !== 'not-found') return failure;
    // The only thing looked up by the engine when it creates a container is the image (and the sandbox to join).
    const code = /image/i.test(failure.message) ? 'image-not-found' : 'not-found';
    return new RuntimeFailure(code, failure.message, { cause: error });
  }
}

const podText = (config: SandboxConfig): string => `${config.podNamespace}/${config.podName}`;

/** The runtime on a Docker engine: see DockerRuntime. */
export const createDockerRuntime = (options: DockerRuntimeOptions): ContainerRuntime => new DockerRuntime(options);
