import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { SandboxConfig } from '../../containers/container-runtime.js';
import type { Owner } from './container-config.js';
import { podLabels } from './container-config.js';
import type { ClusterDns } from './dns.js';
import { podDns } from './dns.js';

const LONGEST_HOSTNAME = 63;

/** The hostname inside the pod: its own field or its name, cut to what a hostname may be. */
export const podHostname = (pod: Pod): string => {
  const wanted = pod.spec.hostnameOverride ?? pod.spec.hostname ?? '';
  const name = wanted === '' ? pod.metadata.name : wanted;
  return name.slice(0, LONGEST_HOSTNAME).replace(/[-.]+$/, '');
};

export const sandboxConfig = (
  pod: Pod,
  attempt: number,
  owner: Owner,
  nodeHostname: string,
  dns: ClusterDns,
): SandboxConfig => {
  const { spec, metadata } = pod;
  const hostNetwork = spec.hostNetwork === true;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return {
    podName: metadata.name,
    podNamespace: metadata.namespace ?? '',
    podUid: metadata.uid ?? '',
    attempt,
    hostname: hostNetwork ? nodeHostname : podHostname(pod),
    labels: podLabels(pod, owner),
    annotations: { ...metadata.annotations },
    hostNetwork,
    hostPid: spec.hostPID === true,
    hostIpc: spec.hostIPC === true,
    sharePid: spec.shareProcessNamespace === true,
    dns: podDns(pod, dns),
    hostAliases: (spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => ({ ip, hostnames })),
    ports: containers.flatMap(({ ports = [] }) =>
      ports.map((port) => ({
        containerPort: port.containerPort,
        hostPort: hostNetwork ? port.containerPort : (port.hostPort ?? 0),
        ...(port.hostIP === undefined || port.hostIP === '' ? {} : { hostIp: port.hostIP }),
        protocol: protocolOf(port.protocol),
      })),
    ),
    sysctls: Object.fromEntries(
      (spec.securityContext?.sysctls ?? []).map(({ name, value }) => [name.replaceAll('/', '.'), value]),
    ),
  };
};

const protocolOf = (protocol: string | undefined): 'TCP' | 'UDP' | 'SCTP' =>
  protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP';
