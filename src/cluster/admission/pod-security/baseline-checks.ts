import type { Pod } from '../../../objects/kinds/core-v1.js';
import {
  byBytes,
  containersOf,
  containersText,
  counted,
  hasOwnUsers,
  namesOf,
  quoted,
  settersText,
  sorted,
  type AnyContainer,
  type Check,
  type CheckPod,
  type Violation,
} from './check.js';
import { seccompAnnotations, seccompFields } from './seccomp.js';
import { seLinux } from './se-linux.js';

const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/';

const isBadAppArmor = (type: string | undefined): type is string =>
  type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost';

const appArmor: CheckPod = (pod) => {
  const podType = pod.spec.securityContext?.appArmorProfile?.type;
  const typeOf = ({ securityContext }: AnyContainer) => securityContext?.appArmorProfile?.type;
  const containers = containersOf(pod).filter((container) => isBadAppArmor(typeOf(container)));
  const annotations = Object.entries(pod.metadata?.annotations ?? {})
    .filter(([key, value]) => key.startsWith(APPARMOR) && !/^(?:$|runtime\/default$|localhost\/)/.test(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .toSorted(byBytes);
  const types = sorted([podType, ...containers.map(typeOf)].filter(isBadAppArmor));
  const values = [...types, ...annotations];
  const setters = [
    settersText(
      isBadAppArmor(podType),
      containers.map(({ name }) => name),
    ),
    annotations.length === 0 ? '' : counted(annotations, 'annotation', 'annotations'),
  ].filter((setter) => setter !== '');
  if (setters.length === 0) return undefined;
  return {
    reason: counted(values, 'forbidden AppArmor profile', 'forbidden AppArmor profiles'),
    detail: `${setters.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
};

const DEFAULT_CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

const capabilities: CheckPod = (pod) => {
  const added = ({ securityContext }: AnyContainer) =>
    (securityContext?.capabilities?.add ?? []).filter((each) => !DEFAULT_CAPABILITIES.has(each));
  const containers = containersOf(pod).filter((container) => added(container).length > 0);
  if (containers.length === 0) return undefined;
  const names = containersText(containers.map(({ name }) => name));
  return {
    reason: 'non-default capabilities',
    detail: `${names} must not include ${quoted(sorted(containers.flatMap(added)))} in securityContext.capabilities.add`,
  };
};

const hostNamespaces: CheckPod = ({ spec }) => {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true);
  return shared.length === 0
    ? undefined
    : { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') };
};

const hostPathVolumes: CheckPod = ({ spec }) => {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  return names.length === 0
    ? undefined
    : { reason: 'hostPath volumes', detail: `${counted(names, 'volume', 'volumes')} ${quoted(names)}` };
};

/** Containers that use something of the host, with what they use. */
const usesText = (names: readonly string[], one: string, used: readonly string[]): string =>
  `${containersText(names)} ${counted(names, 'uses', 'use')} ${counted(used, one, `${one}s`)}`;

const hostPorts: CheckPod = (pod) => {
  const portsOf = ({ ports = [] }: AnyContainer) =>
    ports.map(({ hostPort = 0 }) => hostPort).filter((port) => port !== 0);
  const names = namesOf(pod, (container) => portsOf(container).length > 0);
  if (names.length === 0) return undefined;
  const ports = sorted(containersOf(pod).flatMap(portsOf).map(String));
  return { reason: 'hostPort', detail: `${usesText(names, 'hostPort', ports)} ${ports.join(', ')}` };
};

type Probe = NonNullable<Pod['spec']['containers'][number]['livenessProbe']>;
type Asked = Pick<Probe, 'httpGet' | 'tcpSocket'>;

const hostsOf = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: AnyContainer): readonly string[] => {
  const asked: readonly (Asked | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return asked
    .flatMap((each) => [each?.httpGet?.host ?? '', each?.tcpSocket?.host ?? ''])
    .filter((host) => host !== '');
};

const hostProbes: CheckPod = (pod) => {
  const names = sorted(namesOf(pod, (container) => hostsOf(container).length > 0));
  if (names.length === 0) return undefined;
  const hosts = sorted(containersOf(pod).flatMap(hostsOf));
  const what = 'probe or lifecycle host';
  return { reason: what, detail: `${usesText(names, what, hosts)} ${quoted(hosts)}` };
};

const privileged: CheckPod = (pod) => {
  const names = namesOf(pod, ({ securityContext }) => securityContext?.privileged === true);
  return names.length === 0
    ? undefined
    : { reason: 'privileged', detail: `${containersText(names)} must not set securityContext.privileged=true` };
};

export const procMount: CheckPod = (pod): Violation | undefined => {
  const bad = containersOf(pod).filter(
    ({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default',
  );
  if (bad.length === 0) return undefined;
  const names = containersText(bad.map(({ name }) => name));
  const types = quoted(sorted(bad.map(({ securityContext }) => securityContext?.procMount ?? '')));
  return { reason: 'procMount', detail: `${names} must not set securityContext.procMount to ${types}` };
};

const SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
];
const SYSCTLS_27 = [...SYSCTLS, 'net.ipv4.ip_local_reserved_ports'];
const SYSCTLS_29 = [
  ...SYSCTLS_27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const SYSCTLS_32 = [...SYSCTLS_29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

const sysctls =
  (allowed: readonly string[]): CheckPod =>
  ({ spec }) => {
    const names = (spec.securityContext?.sysctls ?? [])
      .map(({ name }) => name)
      .filter((name) => !allowed.includes(name));
    return names.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: names.join(', ') };
  };

const hostProcess: CheckPod = (pod) => {
  const byPod = pod.spec.securityContext?.windowsOptions?.hostProcess === true;
  const names = namesOf(pod, ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true);
  const setters = settersText(byPod, names);
  return setters === ''
    ? undefined
    : { reason: 'hostProcess', detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true` };
};

const always = (check: CheckPod): Check['revisions'] => [{ since: 0, check }];

/** What no pod needs that does not administer its machine, in the order of messages. */
export const BASELINE_CHECKS: readonly Check[] = [
  { id: 'appArmorProfile', revisions: always(appArmor) },
  { id: 'capabilities_baseline', revisions: always(capabilities) },
  { id: 'hostNamespaces', revisions: always(hostNamespaces) },
  { id: 'hostPathVolumes', revisions: always(hostPathVolumes) },
  { id: 'hostPorts', revisions: always(hostPorts) },
  { id: 'hostProbesAndHostLifecycle', revisions: [{ since: 34, check: hostProbes }] },
  { id: 'privileged', revisions: always(privileged) },
  {
    id: 'procMount',
    revisions: [
      { since: 0, check: procMount },
      { since: 35, check: (pod) => (hasOwnUsers(pod) ? undefined : procMount(pod)) },
    ],
  },
  {
    id: 'seLinuxOptions',
    revisions: [
      { since: 0, check: seLinux([]) },
      { since: 31, check: seLinux(['container_engine_t']) },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    revisions: [
      { since: 0, check: seccompAnnotations },
      { since: 19, check: seccompFields },
    ],
  },
  {
    id: 'sysctls',
    revisions: [
      { since: 0, check: sysctls(SYSCTLS) },
      { since: 27, check: sysctls(SYSCTLS_27) },
      { since: 29, check: sysctls(SYSCTLS_29) },
      { since: 32, check: sysctls(SYSCTLS_32) },
    ],
  },
  { id: 'windowsHostProcess', revisions: always(hostProcess) },
];
