import type { Duplex, Readable, Writable } from 'node:stream';

/** Identity of a pod's sandbox: enough to find it again after a restart of the kubelet. */
export interface SandboxConfig {
  readonly podName: string;
  readonly podNamespace: string;
  readonly podUid: string;
  /** Counts up when a sandbox of the same pod is made anew. */
  readonly attempt: number;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly sharePid: boolean;
  readonly dns: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  readonly hostAliases: readonly { readonly ip: string; readonly hostnames: readonly string[] }[];
  readonly ports: readonly {
    readonly containerPort: number;
    readonly hostPort: number;
    readonly hostIp?: string;
    readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  }[];
  readonly sysctls: Readonly<Record<string, string>>;
}

export interface Sandbox {
  readonly id: string;
  readonly podName: string;
  readonly podNamespace: string;
  readonly podUid: string;
  readonly attempt: number;
  readonly state: 'ready' | 'notReady';
  readonly createdAt: number;
  /** The pod's address; absent until known, and with hostNetwork. */
  readonly ip?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Mount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  readonly propagation: 'private' | 'hostToContainer' | 'bidirectional';
}

export interface ContainerResources {
  /** Relative weight, from requests: 2..262144. */
  readonly cpuShares?: number;
  /** Microseconds of CPU in each `cpuPeriod`, from limits. */
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  /** Bytes, from limits. */
  readonly memory?: number;
  readonly oomScoreAdj?: number;
}

export interface ContainerConfig {
  readonly name: string;
  /** Counts up with every restart of this container in this pod. */
  readonly attempt: number;
  /** What `pullImage` or `imageStatus` returned as id. */
  readonly imageId: string;
  /** As written in the pod. */
  readonly image: string;
  /** Replaces the image's entrypoint; empty: the image's own. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir?: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly resources: ContainerResources;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly security: {
    readonly privileged: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly allowPrivilegeEscalation: boolean;
    readonly runAsUser?: number;
    readonly runAsGroup?: number;
    readonly supplementalGroups: readonly number[];
    readonly addCapabilities: readonly string[];
    readonly dropCapabilities: readonly string[];
  };
  readonly stopSignal?: string;
  /** Absolute path in the container whose content becomes the termination message; the runtime mounts `hostPath` there. */
  readonly terminationMessage?: { readonly hostPath: string; readonly containerPath: string };
}

/** `ports`: of the pod, so that runtimes without network namespaces know what to reserve. */
export interface Container {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly imageId: string;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Times are milliseconds since 1970. */
export interface ContainerStatus extends Container {
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  readonly signal?: number;
  /** `Completed`, `Error`, `OOMKilled`, `ContainerCannotRun`. */
  readonly reason?: string;
  readonly message?: string;
}

export interface Image {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** User of the image's configuration, for runAsNonRoot. */
  readonly user?: string;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

export interface StreamOptions {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** Terminal sizes as they change. */
  readonly resize?: AsyncIterable<{ readonly width: number; readonly height: number }>;
}

export interface LogOptions {
  readonly follow: boolean;
  /** Prefix lines with their RFC 3339 time with nanoseconds. */
  readonly timestamps: boolean;
  /** Last lines only. */
  readonly tailLines?: number;
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly limitBytes?: number;
  readonly stream: 'all' | 'stdout' | 'stderr';
}

export interface ContainerStats {
  readonly containerId: string;
  readonly timestamp: number;
  /** CPU time used since the start, in nanoseconds. */
  readonly cpuUsageNanoseconds: number;
  readonly memoryWorkingSetBytes: number;
}

/** Something changed: look again at this sandbox. An event may be lost; the kubelet also relists. */
export interface RuntimeEvent {
  readonly type: 'containerStarted' | 'containerExited' | 'containerRemoved' | 'sandboxExited' | 'sandboxRemoved';
  readonly sandboxId: string;
  readonly containerId?: string;
}

export interface PullOptions {
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

/**
 * Runs pods' containers. Shaped like the CRI, so that a CRI engine could be added. Methods that remove or stop are
 * idempotent: an id that is gone is no error. Failures throw RuntimeFailure.
 */
export interface ContainerRuntime {
  readonly name: 'docker' | 'process' | 'simulated';
  version(
    signal: AbortSignal,
  ): Promise<{ readonly runtime: string; readonly version: string; readonly apiVersion: string }>;

  runPodSandbox(config: SandboxConfig, signal: AbortSignal): Promise<Sandbox>;
  /** Stops the sandbox and every container in it. */
  stopPodSandbox(id: string, signal: AbortSignal): Promise<void>;
  removePodSandbox(id: string, signal: AbortSignal): Promise<void>;
  listPodSandboxes(signal: AbortSignal): Promise<readonly Sandbox[]>;

  createContainer(
    sandboxId: string,
    config: ContainerConfig,
    sandbox: SandboxConfig,
    signal: AbortSignal,
  ): Promise<string>;
  startContainer(id: string, signal: AbortSignal): Promise<void>;
  /** The stop signal, then after `timeoutMs` SIGKILL. Resolves when it has ended. */
  stopContainer(id: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
  removeContainer(id: string, signal: AbortSignal): Promise<void>;
  listContainers(signal: AbortSignal): Promise<readonly Container[]>;
  containerStatus(id: string, signal: AbortSignal): Promise<ContainerStatus | undefined>;

  /** Output beyond 16 MiB is cut. Throws RuntimeFailure `timeout` when the command outlives `timeoutMs`. */
  execSync(id: string, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ExecResult>;
  /** Resolves with the exit code when the command ends. */
  exec(id: string, options: StreamOptions, signal: AbortSignal): Promise<number>;
  /** Connects to the streams of the container's own process; resolves when it or the connection ends. */
  attach(id: string, options: Omit<StreamOptions, 'command'>, signal: AbortSignal): Promise<void>;
  /** A connection to a TCP port inside the pod's network namespace (its loopback). */
  portForward(sandboxId: string, port: number, signal: AbortSignal): Promise<Duplex>;
  containerStats(signal: AbortSignal): Promise<readonly ContainerStats[]>;
  /** Log of one container as text lines; ends at the end of the log unless `follow`, then when the container ends. */
  logs(id: string, options: LogOptions, signal: AbortSignal): Promise<Readable>;

  /** Returns the image's id. */
  pullImage(image: string, credentials: PullOptions | undefined, signal: AbortSignal): Promise<string>;
  listImages(signal: AbortSignal): Promise<readonly Image[]>;
  imageStatus(image: string, signal: AbortSignal): Promise<Image | undefined>;
  removeImage(image: string, signal: AbortSignal): Promise<void>;

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  /** Releases connections and timers; what runs keeps running (children of the process runtime too). */
  close(): Promise<void>;
}

/** `conflict`: the name exists already, so the work was done before a crash: find it by its labels. */
export type RuntimeFailureCode =
  | 'not-found'
  | 'conflict'
  | 'unavailable'
  | 'timeout'
  | 'image-not-found'
  | 'image-name-invalid'
  | 'pull-failed'
  | 'create-failed'
  | 'start-failed'
  | 'unsupported';

export class RuntimeFailure extends Error {
  override readonly name = 'RuntimeFailure';

  constructor(
    readonly code: RuntimeFailureCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
