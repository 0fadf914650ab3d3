import type { ContainerPort, PodAffinity, PodSpec, PodTemplateSpec } from '../../../objects/kinds/core-v1.js';
import type { ObjectMeta } from '../../../objects/object.js';
import { formatQuantity, tryParseQuantity, type ResourceList } from '../../../objects/quantity.js';
import { goQuote } from '../field-errors.js';
import { APP_ARMOR, SECCOMP_CONTAINER, SECCOMP_POD } from '../validation/pod-annotations.js';
import { containersOf } from '../validation/pod-os.js';
import { addressWarnings } from './addresses.js';
import { claimSpecWarnings } from './claim-warnings.js';
import { deprecatedNodeLabel, termWarnings } from './node-labels.js';
import { overlapWarnings } from './overlapping-paths.js';

const ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

/** Sources of volumes that are on their way out, or gone: name in messages and what is said of it. */
const SOURCES = {
  photonPersistentDisk: ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  gitRepo: ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  scaleIO: ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  flocker: ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  storageos: ['storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  quobyte: ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  glusterfs: ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ephemeral: undefined,
  cephfs: ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  rbd: ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
} as const;

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const MATCHES_NONE = 'a null labelSelector results in matching no pod';

const placeWarnings = (field: string, spec: PodSpec): readonly string[] => {
  const node = spec.affinity?.nodeAffinity;
  return [
    ...Object.keys(spec.nodeSelector ?? {}).flatMap((label) => {
      const message = deprecatedNodeLabel(label);
      return message === undefined ? [] : [`${field}.nodeSelector[${label}]: ${message}`];
    }),
    ...(node?.[REQUIRED]?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      termWarnings(`${field}.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms[${index}]`, term, false),
    ),
    ...(node?.[PREFERRED] ?? []).flatMap(({ preference }, index) =>
      termWarnings(`${field}.affinity.nodeAffinity.${PREFERRED}[${index}].preference`, preference ?? {}, true),
    ),
    ...(spec.topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, index) => {
      const path = `${field}.topologySpreadConstraints[${index}]`;
      const message = deprecatedNodeLabel(topologyKey);
      return [
        ...(message === undefined ? [] : [`${path}.topologyKey: ${topologyKey} is ${message}`]),
        ...(labelSelector === undefined ? [`${path}.labelSelector: ${MATCHES_NONE}`] : []),
      ];
    }),
  ];
};

const volumeWarnings = (field: string, spec: PodSpec): readonly string[] => [
  ...(spec.volumes ?? []).flatMap((volume, index) => {
    const path = `${field}.volumes[${index}]`;
    return Object.entries(SOURCES).flatMap(([name, words]) => {
      if (words !== undefined) return name in volume ? [`${path}.${words[0]}: ${words[1]}`] : [];
      const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
      return claim === undefined ? [] : claimSpecWarnings(`${path}.ephemeral.volumeClaimTemplate.spec`, claim);
    });
  }),
  ...overlapWarnings(spec.volumes),
];

/** The elements that repeat the key of one before them. */
const repeated = <T>(list: readonly T[], keyOf: (element: T) => string): readonly number[] => {
  const seen = new Set<string>();
  return list.flatMap((element, index) => {
    const key = keyOf(element);
    if (seen.has(key)) return [index];
    seen.add(key);
    return [];
  });
};

const listWarnings = (field: string, { hostAliases = [], imagePullSecrets = [] }: PodSpec): readonly string[] => [
  ...repeated(hostAliases, ({ ip = '' }) => ip).map(
    (index) => `${field}.hostAliases[${index}].ip: duplicate ip ${goQuote(hostAliases[index]?.ip ?? '')}`,
  ),
  ...repeated(imagePullSecrets, ({ name = '' }) => name).map(
    (index) =>
      `${field}.imagePullSecrets[${index}].name: duplicate name ${goQuote(imagePullSecrets[index]?.name ?? '')}`,
  ),
  ...imagePullSecrets.flatMap(({ name = '' }, index) =>
    name === '' ? [`${field}.imagePullSecrets[${index}].name: invalid empty name ""`] : [],
  ),
];

/** Half a byte is not a size. */
export const fractionWarnings = (
  field: string,
  list: ResourceList | undefined,
  names: readonly string[] = ['memory'],
): readonly string[] =>
  names.flatMap((name) => {
    const quantity = tryParseQuantity(list?.[name] ?? '');
    if (quantity === undefined || quantity.nanos % 1_000_000_000n === 0n) return [];
    const shown = goQuote(formatQuantity(quantity));
    return [`${field}[${name}]: fractional byte value ${shown} is invalid, must be an integer`];
  });

const hidesWarnings = (path: string, env: NonNullable<PodSpec['containers'][number]['env']>): readonly string[] =>
  repeated(env, ({ name = '' }) => name).flatMap((index) => {
    const { name = '', value = '', valueFrom } = env[index] ?? { name: '' };
    const reference = `$(${name})`;
    if (valueFrom === undefined && value !== reference && value.includes(reference)) return [];
    const what = `hides previous definition of ${goQuote(name)}, which may be dropped when using apply`;
    return [`${path}.env[${index}]: ${what}`];
  });

const SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead';

const containerWarnings = (field: string, prefix: string, spec: PodSpec, metadata: Metadata): readonly string[] =>
  containersOf(field, spec).flatMap(([{ name = '', securityContext, resources, env = [] }, path]) => {
    const annotations = metadata?.annotations ?? {};
    const seccomp = `${SECCOMP_CONTAINER}${name}`;
    const appArmor = `${APP_ARMOR}${name}`;
    const isTemplate = prefix !== '';
    return [
      ...(securityContext?.seccompProfile === undefined && annotations[seccomp] !== undefined
        ? [`${prefix}metadata.annotations[${seccomp}]: ${SECCOMP}`]
        : []),
      ...(isTemplate && securityContext?.appArmorProfile === undefined && annotations[appArmor] !== undefined
        ? [
            `${prefix}metadata.annotations[${appArmor}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
          ]
        : []),
      ...fractionWarnings(`${path}.resources.limits`, resources?.limits),
      ...fractionWarnings(`${path}.resources.requests`, resources?.requests),
      ...fractionWarnings(`${path}.resources.limits`, resources?.limits, ['ephemeral-storage']),
      ...fractionWarnings(`${path}.resources.requests`, resources?.requests, ['ephemeral-storage']),
      ...hidesWarnings(path, env),
    ];
  });

type Port = readonly [ContainerPort, string];

const portsOf = (field: string, spec: PodSpec): readonly Port[] =>
  containersOf(field, spec).flatMap(([{ ports = [] }, path]) =>
    ports.map((port, index): Port => [port, `${path}.ports[${index}]`]),
  );

const clash = ([port, path]: Port, [other, at]: Port): readonly string[] => {
  const { hostPort = 0, hostIP = '' } = port;
  const { hostPort: otherPort = 0, hostIP: otherIp = '' } = other;
  if (hostIP === otherIp && hostPort === otherPort) return [`${path}: duplicate port definition with ${at}`];
  if (hostPort === 0 || otherPort === 0) return [`${path}: overlapping port definition with ${at}`];
  const isAmbiguous = hostPort === otherPort && (hostIP === '') !== (otherIp === '');
  return isAmbiguous ? [`${path}: dangerously ambiguous port definition with ${at}`] : [];
};

const portWarnings = (field: string, spec: PodSpec): readonly string[] => {
  const all = portsOf(field, spec);
  const names = new Map<string, string>();
  return [
    ...all.flatMap((one, index) => {
      const [{ name = '', hostPort = 0, containerPort, protocol, hostIP = '' }, path] = one;
      const shown = `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
      const others = all
        .slice(0, index)
        .filter(([other]) => other.containerPort === containerPort && other.protocol === protocol);
      return [
        ...(hostIP !== '' && hostPort === 0 ? [`${path}: hostIP set without hostPort: ${shown}`] : []),
        ...others.flatMap((other) => clash(one, other)),
      ];
    }),
    ...all.flatMap(([{ name = '' }, path]) => {
      const first = names.get(name);
      if (name === '') return [];
      if (first === undefined) {
        names.set(name, path);
        return [];
      }
      const what = `services and probes that select ports by name will use ${first}`;
      return [`${path}: duplicate port name ${goQuote(name)} with ${first}, ${what}`];
    }),
  ];
};

const affinityWarnings = (field: string, affinity: PodAffinity | undefined): readonly string[] => [
  ...(affinity?.[REQUIRED] ?? []).flatMap(({ labelSelector }, index) =>
    labelSelector === undefined ? [`${field}.${REQUIRED}[${index}].labelSelector: ${MATCHES_NONE}`] : [],
  ),
  ...(affinity?.[PREFERRED] ?? []).flatMap(({ podAffinityTerm }, index) =>
    podAffinityTerm?.labelSelector === undefined
      ? [`${field}.${PREFERRED}[${index}].podAffinityTerm.labelSelector: ${MATCHES_NONE}`]
      : [],
  ),
];

type Metadata = Pick<ObjectMeta, 'annotations'> | undefined;

/** Of a pod (`prefix` is empty) or of a template of pods (`spec.template.`). */
const warningsOfSpec = (prefix: string, metadata: Metadata, spec: PodSpec): readonly string[] => {
  const field = `${prefix}spec`;
  const annotations = metadata?.annotations ?? {};
  return [
    ...placeWarnings(field, spec),
    ...Object.entries(ANNOTATIONS).flatMap(([name, message]) =>
      annotations[name] === undefined ? [] : [`${prefix}metadata.annotations[${name}]: ${message}`],
    ),
    ...volumeWarnings(field, spec),
    ...listWarnings(field, spec),
    ...fractionWarnings(`${field}.overhead`, spec.overhead, ['memory', 'ephemeral-storage']),
    ...(spec.securityContext?.seccompProfile === undefined && annotations[SECCOMP_POD] !== undefined
      ? [`${prefix}metadata.annotations[${SECCOMP_POD}]: ${SECCOMP}`]
      : []),
    ...containerWarnings(field, prefix, spec, metadata),
    ...portWarnings(field, spec),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [`${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...affinityWarnings(`${field}.affinity.podAffinity`, spec.affinity?.podAffinity),
    ...affinityWarnings(`${field}.affinity.podAntiAffinity`, spec.affinity?.podAntiAffinity),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((server, index) =>
      addressWarnings(`${field}.dnsConfig.nameservers[${index}]`, server),
    ),
    ...(spec.hostAliases ?? []).flatMap(({ ip = '' }, index) =>
      addressWarnings(`${field}.hostAliases[${index}].ip`, ip),
    ),
  ];
};

export const podWarnings = ({ metadata, spec }: { metadata: ObjectMeta; spec: PodSpec }): readonly string[] =>
  warningsOfSpec('', metadata, spec);

/** `field` is the path of the template. */
export const templateWarnings = (field: string, template: PodTemplateSpec | undefined): readonly string[] =>
  template?.spec === undefined ? [] : warningsOfSpec(`${field}.`, template.metadata, template.spec);
