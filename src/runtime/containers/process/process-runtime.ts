import { appendFileSync, chownSync } from 'node:fs';
import { connect } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { getuid, version as nodeVersion } from 'node:process';
import type { Duplex, Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { Clock } from '../../../objects/clock.js';
import type {
  ContainerConfig,
  ContainerRuntime,
  ContainerStats,
  ExecResult,
  Image,
  LogOptions,
  RuntimeEvent,
  Sandbox,
  SandboxConfig,
  StreamOptions,
} from '../container-runtime.js';
import { RuntimeFailure } from '../container-runtime.js';
import { EventHub } from '../event-hub.js';
import { ImageNames } from '../image-names.js';
import { stableId } from '../labels.js';
import { attachToKeeper } from './attach.js';
import type { ContainerRecord } from './container-records.js';
import { isRunning, reconcileRecord, statusOf, untilEnded } from './container-records.js';
import { runStreaming, runToEnd } from './exec.js';
import { groupUsage } from './group-stats.js';
import { HostPorts } from './host-ports.js';
import type { KeeperConnection } from './keeper-client.js';
import { connectKeeper, keeperSocketPath, startKeeper } from './keeper-client.js';
import type { KeeperEvent, ProcessState } from './keeper-protocol.js';
import { readLog } from './log-reader.js';
import { allocateAddress, hasLoopbackRange } from './pod-addresses.js';
import type { ProcessSpec } from './process-spec.js';
import { checkWorkingDir, processSpec, requireCommand } from './process-spec.js';
import type { StoredSandbox } from './stored-state.js';
import { StateFolder } from './stored-state.js';

export interface ProcessRuntimeOptions {
  /** The folder for state and logs; the same folder finds the same containers after a restart. */
  readonly root: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Runs containers as plain processes of this machine, children of a keeper process that outlives the operator. There
 * is no isolation: no image, no file system, network or user of their own, no limits. See README.md.
 */
class ProcessRuntime implements ContainerRuntime {
  readonly name = 'process';
  readonly #root: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #folder: StateFolder;
  readonly #sandboxes = new Map<string, StoredSandbox>();
  readonly #containers = new Map<string, ContainerRecord>();
  readonly #images = new ImageNames('process');
  readonly #events = new EventHub<RuntimeEvent>();
  readonly #hostPorts = new HostPorts();
  readonly #addressRange: Promise<boolean>;
  #lastAddress: string | undefined;
  #keeper: Promise<KeeperConnection> | undefined;
  #adopted: Promise<void>;
  #closed = false;

  constructor(options: ProcessRuntimeOptions) {
    this.#root = options.root;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#folder = new StateFolder(options.root);
    for (const stored of this.#folder.loadSandboxes()) this.#sandboxes.set(stored.sandbox.id, stored);
    for (const stored of this.#folder.loadContainers()) {
      const ended = new AbortController();
      if (stored.state?.finishedAt !== undefined) ended.abort();
      this.#containers.set(stored.id, { stored, state: stored.state, ended });
    }
    this.#addressRange = hasLoopbackRange();
    this.#adopted = this.#adoptSafely();
  }

  version() {
    return Promise.resolve({ runtime: 'process', version: nodeVersion, apiVersion: 'v1' });
  }

  async runPodSandbox(config: SandboxConfig): Promise<Sandbox> {
    const id = stableId(this.#root, 'sandbox', config.podUid, config.attempt);
    const present = this.#sandboxes.get(id)?.sandbox;
    if (present?.state === 'ready') return present;
    if (present !== undefined) {
      throw new RuntimeFailure('conflict', `sandbox ${config.attempt} of pod ${podText(config)} has ended already`);
    }
    const range = await this.#addressRange;
    if (!range && this.#sandboxes.size === 0) {
      this.#log.warn('only 127.0.0.1 can be listened on here: all pods share it, so their ports must differ');
    }
    const address = config.hostNetwork || !range ? '127.0.0.1' : this.#allocate();
    const stored: StoredSandbox = {
      address,
      config,
      sandbox: {
        id,
        podName: config.podName,
        podNamespace: config.podNamespace,
        podUid: config.podUid,
        attempt: config.attempt,
        state: 'ready',
        createdAt: this.#clock.now(),
        ...(config.hostNetwork ? {} : { ip: address }),
        labels: config.labels,
        annotations: config.annotations,
      },
    };
    this.#sandboxes.set(id, stored);
    try {
      await this.#hostPorts.open(stored);
      this.#folder.saveSandbox(stored);
    } catch (error) {
      this.#sandboxes.delete(id);
      throw error;
    }
    return stored.sandbox;
  }

  async stopPodSandbox(id: string, signal: AbortSignal): Promise<void> {
    await this.#adopted;
    await Promise.all(this.#containersOf(id).map((record) => this.#stop(record, 0, signal)));
    const stored = this.#sandboxes.get(id);
    if (stored?.sandbox.state !== 'ready') return;
    const stopped: StoredSandbox = { ...stored, sandbox: { ...stored.sandbox, state: 'notReady' } };
    this.#hostPorts.close(id);
    this.#folder.saveSandbox(stopped);
    this.#sandboxes.set(id, stopped);
    this.#events.emit({ type: 'sandboxExited', sandboxId: id });
  }

  async removePodSandbox(id: string, signal: AbortSignal): Promise<void> {
    await this.stopPodSandbox(id, signal);
    for (const record of this.#containersOf(id)) await this.removeContainer(record.stored.id, signal);
    this.#folder.removeSandbox(id);
    if (this.#sandboxes.delete(id)) this.#events.emit({ type: 'sandboxRemoved', sandboxId: id });
  }

  async listPodSandboxes(): Promise<readonly Sandbox[]> {
    await this.#adopted;
    return Array.from(this.#sandboxes.values(), (stored) => stored.sandbox);
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    await this.#adopted;
    if (this.#sandboxes.get(sandboxId)?.sandbox.state !== 'ready') {
      throw new RuntimeFailure('not-found', `pod ${podText(sandbox)} has no running sandbox ${sandboxId}`);
    }
    requireCommand(config, sandbox);
    const id = stableId(this.#root, 'container', sandboxId, config.name, config.attempt);
    if (this.#containers.get(id)?.state !== undefined) {
      throw new RuntimeFailure(
        'conflict',
        `container "${config.name}" (${config.attempt}) of pod ${podText(sandbox)} exists already`,
      );
    }
    const stored = { id, sandboxId, createdAt: this.#clock.now(), config };
    this.#folder.saveContainer(stored);
    if (config.terminationMessage !== undefined) appendFileSync(config.terminationMessage.hostPath, '');
    this.#containers.set(id, { stored, state: undefined, ended: new AbortController() });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    await this.#adopted;
    const record = this.#require(id);
    if (isRunning(record)) return;
    const { config } = record.stored;
    if (record.state !== undefined) {
      throw new RuntimeFailure('conflict', `container "${config.name}" (${config.attempt}) has run already`);
    }
    const folder = this.#folder.containerFolder(id);
    const spec = this.#spec(record, [...config.command, ...config.args]);
    checkWorkingDir(spec.workingDir);
    const user = this.#user(config);
    if (user.uid !== undefined) {
      for (const name of ['work', 'tmp']) chownSync(join(folder, name), user.uid, user.gid ?? user.uid);
    }
    const keeper = await this.#keeperStarted();
    const { stdin, stdinOnce } = config;
    try {
      const request = { op: 'start', containerId: id, folder, ...spec, ...user, stdin, stdinOnce } as const;
      const state = (await keeper.ask(request)) as ProcessState;
      // A short command may have ended before its start is told here.
      if (state.finishedAt !== undefined) this.#finished(record, state);
      else if (!record.ended.signal.aborted) record.state = state;
    } catch (error) {
      const state = this.#folder.loadState(id);
      if (state === undefined) throw error;
      this.#finished(record, state);
      throw new RuntimeFailure('start-failed', `Cannot start container "${config.name}": ${(error as Error).message}`, {
        cause: error,
      });
    }
    this.#events.emit({ type: 'containerStarted', sandboxId: record.stored.sandboxId, containerId: id });
  }

  async stopContainer(id: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    await this.#adopted;
    const record = this.#containers.get(id);
    if (record !== undefined) await this.#stop(record, timeoutMs, signal);
  }

  async removeContainer(id: string, signal: AbortSignal): Promise<void> {
    await this.#adopted;
    const record = this.#containers.get(id);
    if (record === undefined) return;
    await this.#stop(record, 0, signal);
    this.#folder.removeContainer(id);
    this.#containers.delete(id);
    this.#events.emit({ type: 'containerRemoved', sandboxId: record.stored.sandboxId, containerId: id });
  }

  async listContainers() {
    await this.#adopted;
    return Array.from(this.#containers.values(), statusOf);
  }

  async containerStatus(id: string) {
    await this.#adopted;
    const record = this.#containers.get(id);
    return record === undefined ? undefined : statusOf(record);
  }

  async execSync(id: string, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ExecResult> {
    const record = await this.#requireRunning(id);
    return runToEnd(this.#spec(record, command), this.#user(record.stored.config), timeoutMs, signal);
  }

  async exec(id: string, options: StreamOptions, signal: AbortSignal): Promise<number> {
    const record = await this.#requireRunning(id);
    const spec = this.#spec(record, options.command);
    return runStreaming(
      spec,
      this.#user(record.stored.config),
      options,
      AbortSignal.any([signal, record.ended.signal]),
    );
  }

  async attach(id: string, options: Omit<StreamOptions, 'command'>, signal: AbortSignal): Promise<void> {
    const record = await this.#requireRunning(id);
    await attachToKeeper(keeperSocketPath(this.#root), record.stored.id, options, signal);
  }

  portForward(sandboxId: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const stored = this.#sandboxes.get(sandboxId);
    if (stored === undefined) return Promise.reject(new RuntimeFailure('not-found', `no sandbox ${sandboxId}`));
    return new Promise((resolve, reject) => {
      const socket = connect({ host: stored.address, port, allowHalfOpen: true, signal });
      socket.once('connect', () => resolve(socket));
      socket.once('error', (error) => {
        const where = `port ${port} of pod ${podText(stored.config)} (${stored.address})`;
        reject(new RuntimeFailure('unavailable', `Cannot connect to ${where}: ${error.message}`, { cause: error }));
      });
    });
  }

  async containerStats(): Promise<readonly ContainerStats[]> {
    await this.#adopted;
    const groups = await groupUsage();
    const timestamp = this.#clock.now();
    return [...this.#containers.values()].flatMap((record) => {
      const usage = isRunning(record) ? groups.get(record.state?.pid ?? 0) : undefined;
      return usage === undefined
        ? []
        : [
            {
              containerId: record.stored.id,
              timestamp,
              cpuUsageNanoseconds: usage.cpuNanoseconds,
              memoryWorkingSetBytes: usage.memoryBytes,
            },
          ];
    });
  }

  async logs(id: string, options: LogOptions, signal: AbortSignal): Promise<Readable> {
    await this.#adopted;
    return readLog(this.#folder.containerFolder(id), options, this.#require(id).ended.signal, signal);
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

  async close(): Promise<void> {
    this.#closed = true;
    await this.#adopted.catch(() => undefined);
    this.#hostPorts.closeAll();
    const keeper = await this.#keeper?.catch(() => undefined);
    keeper?.close();
  }

  #containersOf(sandboxId: string): readonly ContainerRecord[] {
    return [...this.#containers.values()].filter((record) => record.stored.sandboxId === sandboxId);
  }

  #require(id: string): ContainerRecord {
    const record = this.#containers.get(id);
    if (record === undefined) throw new RuntimeFailure('not-found', `no container ${id}`);
    return record;
  }

  async #requireRunning(id: string): Promise<ContainerRecord> {
    await this.#adopted;
    const record = this.#require(id);
    if (isRunning(record)) return record;
    throw new RuntimeFailure('not-found', `container "${record.stored.config.name}" is not running`);
  }

  #allocate(): string {
    const stored = [...this.#sandboxes.values()];
    this.#lastAddress ??= stored.sort((a, b) => b.sandbox.createdAt - a.sandbox.createdAt)[0]?.sandbox.ip;
    this.#lastAddress = allocateAddress(this.#root, new Set(stored.map(({ address }) => address)), this.#lastAddress);
    return this.#lastAddress;
  }

  #spec(record: ContainerRecord, command: readonly string[]): ProcessSpec {
    const { stored } = record;
    const sandbox = this.#sandboxes.get(stored.sandboxId);
    const pod = { hostname: sandbox?.config.hostname ?? '', address: sandbox?.address ?? '127.0.0.1' };
    return processSpec(command, stored.config, pod, this.#folder.containerFolder(stored.id));
  }

  /** Only root can run programs as somebody else; others run everything as themselves. */
  #user({ security }: ContainerConfig): { uid?: number; gid?: number } {
    if (getuid?.() !== 0 || security.runAsUser === undefined) return {};
    return { uid: security.runAsUser, gid: security.runAsGroup ?? security.runAsUser };
  }

  async #stop(record: ContainerRecord, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (!isRunning(record)) return;
    const keeper = await this.#keeperStarted();
    const containerId = record.stored.id;
    if (timeoutMs > 0) {
      await keeper.ask({ op: 'signal', containerId, signal: stopSignal(record.stored.config.stopSignal) });
      const enough = AbortSignal.any([signal, record.ended.signal]);
      await this.#clock.sleep(timeoutMs, enough).catch(() => undefined);
      signal.throwIfAborted();
    }
    if (isRunning(record)) await keeper.ask({ op: 'signal', containerId, signal: 'SIGKILL' });
    await untilEnded(record, signal);
  }

  #finished(record: ContainerRecord, state: ProcessState): void {
    if (record.ended.signal.aborted) return;
    record.state = state;
    record.ended.abort();
    const { id, sandboxId } = record.stored;
    this.#events.emit({ type: 'containerExited', sandboxId, containerId: id });
  }

  readonly #onKeeperEvent = (event: KeeperEvent): void => {
    const record = event.event === 'exited' ? this.#containers.get(event.containerId) : undefined;
    if (event.event === 'exited' && record !== undefined) this.#finished(record, event.state);
  };

  /** Finds out what became of containers that were running when the operator ended. */
  async #adopt(): Promise<void> {
    for (const stored of this.#sandboxes.values()) {
      if (stored.sandbox.state !== 'ready') continue;
      await this.#hostPorts.open(stored).catch((error: unknown) => this.#log.warn({ error }, 'host port is taken'));
    }
    const records = [...this.#containers.values()].filter(isRunning);
    if (records.length === 0) return;
    const keeper = await connectKeeper(keeperSocketPath(this.#root), this.#onKeeperEvent);
    if (keeper !== undefined) this.#use(keeper);
    for (const record of records) {
      const state = await reconcileRecord(record, keeper, this.#folder, this.#clock);
      if (state?.finishedAt !== undefined) this.#finished(record, state);
    }
  }

  /** Whoever waits for the adoption gets its error. */
  #adoptSafely(): Promise<void> {
    const adopted = this.#adopt();
    adopted.catch((error: unknown) => this.#log.error({ error }, 'cannot take over running containers'));
    return adopted;
  }

  #use(keeper: KeeperConnection): void {
    this.#keeper = Promise.resolve(keeper);
    void keeper.closed.then(() => {
      this.#keeper = undefined;
      if (this.#closed) return;
      this.#log.error('the keeper of the containers is gone; its containers are lost');
      this.#adopted = this.#adoptSafely();
    });
  }

  #keeperStarted(): Promise<KeeperConnection> {
    this.#keeper ??= this.#connect().catch((error: unknown) => {
      this.#keeper = undefined;
      throw error;
    });
    return this.#keeper;
  }

  async #connect(): Promise<KeeperConnection> {
    const path = keeperSocketPath(this.#root);
    let keeper = await connectKeeper(path, this.#onKeeperEvent);
    if (keeper === undefined) {
      await startKeeper(this.#root, path);
      keeper = await connectKeeper(path, this.#onKeeperEvent);
    }
    if (keeper === undefined) throw new RuntimeFailure('unavailable', 'the keeper of the containers does not answer');
    this.#use(keeper);
    return keeper;
  }
}

const podText = (config: SandboxConfig): string => `${config.podNamespace}/${config.podName}`;

/** `SIGQUIT` and `QUIT` alike; what this system does not know is SIGTERM. */
const stopSignal = (name: string | undefined): NodeJS.Signals => {
  const full = name === undefined || name.startsWith('SIG') ? name : `SIG${name}`;
  return full !== undefined && full in constants.signals ? (full as NodeJS.Signals) : 'SIGTERM';
};

/** The runtime for machines without a container engine: see ProcessRuntime. */
export const createProcessRuntime = (options: ProcessRuntimeOptions): ContainerRuntime => new ProcessRuntime(options);
