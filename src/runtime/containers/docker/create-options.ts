import type Docker from 'dockerode';
import type { ContainerConfig, SandboxConfig } from '../container-runtime.js';
import { containerLabels, engineName, sandboxLabels } from './container-labels.js';

/** What the engine may do. */
export interface EngineTraits {
  /** Whether it may protect processes from the out-of-memory killer: needs CAP_SYS_RESOURCE. */
  readonly protectsFromOom: boolean;
}

const PROPAGATION = { private: 'rprivate', hostToContainer: 'rslave', bidirectional: 'rshared' } as const;

/** Never restarted by the engine: that is the kubelet's to decide. */
const NEVER_RESTART = { Name: 'no' };
/** A container's log is kept in two files of this size. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } };
/** The kubelet's score for sandboxes. */
const SANDBOX_OOM_SCORE = -998;

/** How the engine is asked for a pod's sandbox: it owns the pod's network and IPC, and does nothing. */
export const sandboxCreateOptions = (
  config: SandboxConfig,
  imageId: string,
  network: string,
  instance: string,
  traits: EngineTraits,
): Docker.ContainerCreateOptions => {
  const ports = config.hostNetwork ? [] : config.ports.filter((port) => port.hostPort > 0);
  const portKey = (port: (typeof ports)[number]): string => `${port.containerPort}/${port.protocol.toLowerCase()}`;
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    // Nothing is reachable from outside unless the pod says an address.
    (bindings[portKey(port)] ??= []).push({ HostIp: port.hostIp ?? '127.0.0.1', HostPort: String(port.hostPort) });
  }
  return {
    name: engineName('POD', config, config.attempt),
    Image: imageId,
    Labels: sandboxLabels(config, instance),
    ...(config.hostNetwork ? {} : { Hostname: config.hostname }),
    ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
    HostConfig: {
      NetworkMode: config.hostNetwork ? 'host' : network,
      IpcMode: config.hostIpc ? 'host' : 'shareable',
      ...(config.hostPid ? { PidMode: 'host' } : {}),
      PortBindings: bindings,
      Dns: [...config.dns.servers],
      // A dot alone: no search domains, not the machine's.
      DnsSearch: config.dns.searches.length === 0 && config.dns.servers.length > 0 ? ['.'] : [...config.dns.searches],
      DnsOptions: [...config.dns.options],
      ExtraHosts: config.hostAliases.flatMap((alias) => alias.hostnames.map((name) => `${name}:${alias.ip}`)),
      Sysctls: { ...config.sysctls },
      CpuShares: 2,
      ...(traits.protectsFromOom ? { OomScoreAdj: SANDBOX_OOM_SCORE } : {}),
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      RestartPolicy: NEVER_RESTART,
      LogConfig: { Type: 'none', Config: {} },
      // The engine's init is process 1: it ends at once when told to, and waits for orphans of a shared PID namespace.
      ...(config.hostPid ? {} : { Init: true }),
    },
  };
};

/** How the engine is asked for a container: it joins the sandbox's network and IPC. */
export const containerCreateOptions = (
  sandboxId: string,
  config: ContainerConfig,
  sandbox: SandboxConfig,
  instance: string,
  traits: EngineTraits,
): Docker.ContainerCreateOptions => {
  const joined = `container:${sandboxId}`;
  const { security, resources } = config;
  const oomScoreAdj = traits.protectsFromOom ? resources.oomScoreAdj : atLeastZero(resources.oomScoreAdj);
  const user = security.runAsUser === undefined ? undefined : userText(security.runAsUser, security.runAsGroup);
  return {
    name: engineName(config.name, sandbox, config.attempt),
    Image: config.imageId,
    Labels: containerLabels(config, sandbox, sandboxId, instance),
    ...(config.command.length === 0 ? {} : { Entrypoint: [...config.command] }),
    ...(config.args.length === 0 ? {} : { Cmd: [...config.args] }),
    ...(config.workingDir === undefined ? {} : { WorkingDir: config.workingDir }),
    ...(user === undefined ? {} : { User: user }),
    ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    Env: config.env.map(({ name, value }) => `${name}=${value}`),
    OpenStdin: config.stdin,
    StdinOnce: config.stdinOnce,
    Tty: config.tty,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: joined,
      IpcMode: sandbox.hostIpc ? 'host' : joined,
      ...(sandbox.hostPid ? { PidMode: 'host' } : sandbox.sharePid ? { PidMode: joined } : {}),
      Mounts: mountsOf(config),
      Privileged: security.privileged,
      ReadonlyRootfs: security.readOnlyRootFilesystem,
      ...(security.allowPrivilegeEscalation ? {} : { SecurityOpt: ['no-new-privileges'] }),
      CapAdd: [...security.addCapabilities],
      CapDrop: [...security.dropCapabilities],
      GroupAdd: security.supplementalGroups.map(String),
      ...(resources.cpuShares === undefined ? {} : { CpuShares: resources.cpuShares }),
      ...(resources.cpuQuota === undefined ? {} : { CpuQuota: resources.cpuQuota }),
      ...(resources.cpuPeriod === undefined ? {} : { CpuPeriod: resources.cpuPeriod }),
      // Without swap, as the kubelet runs containers.
      ...(resources.memory === undefined ? {} : { Memory: resources.memory, MemorySwap: resources.memory }),
      ...(oomScoreAdj === undefined ? {} : { OomScoreAdj: oomScoreAdj }),
      RestartPolicy: NEVER_RESTART,
      LogConfig: LOG_CONFIG,
    },
  };
};

const atLeastZero = (score: number | undefined): number | undefined =>
  score === undefined ? undefined : Math.max(0, score);

const userText = (user: number, group: number | undefined): string =>
  group === undefined ? String(user) : `${user}:${group}`;

const mountsOf = (config: ContainerConfig): Docker.MountConfig => {
  const { terminationMessage } = config;
  const mounts = config.mounts.map((mount) => ({
    Type: 'bind' as const,
    Source: mount.hostPath,
    Target: mount.containerPath,
    ReadOnly: mount.readOnly,
    BindOptions: { Propagation: PROPAGATION[mount.propagation] },
  }));
  if (terminationMessage === undefined) return mounts;
  const target = {
    Type: 'bind' as const,
    Source: terminationMessage.hostPath,
    Target: terminationMessage.containerPath,
    ReadOnly: false,
    BindOptions: { Propagation: 'rprivate' as const },
  };
  return [...mounts, target];
};
