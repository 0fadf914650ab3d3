import type { Container, ContainerPort, EphemeralContainer, PodSpec, Volume } from '../../../objects/kinds/core-v1.js';
import { dns1123Label, validPortName } from '../../../objects/names.js';
import {
  child,
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  item,
  notFound,
  required,
  type FieldError,
} from '../field-errors.js';
import { validateEnv, validateEnvFrom } from './environment.js';
import { validateDevices, validateMounts } from './mounts.js';
import type { PodRules } from './pod-rules.js';
import { validateLifecycle, validateProbes, type Surroundings } from './probes.js';
import { validateContainerResources } from './resources.js';
import { validateInitRestarts, validateResizePolicy, validateRestarts } from './restart-rules.js';
import { each, port, requiredOneOf, requiredText } from './rules.js';
import { validateSecurityContext } from './security-context.js';

/** What the containers of a pod share. */
interface Pod extends Surroundings {
  readonly spec: PodSpec;
  readonly rules: PodRules;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly claims: readonly string[];
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

const validatePorts = (field: string, ports: readonly ContainerPort[] | undefined): FieldError[] => {
  const names = new Set<string>();
  return each(field, ports, ({ name = '', containerPort = 0, hostPort = 0, protocol }, path) => {
    const wrong = name === '' ? [] : validPortName(name);
    const errors = invalidEach(child(path, 'name'), name, wrong);
    if (name !== '' && wrong.length === 0) {
      if (names.has(name)) errors.push(duplicate(child(path, 'name'), name));
      names.add(name);
    }
    const at = child(path, 'containerPort');
    return [
      ...errors,
      ...(containerPort === 0 ? [required(at)] : port(at, containerPort)),
      ...(hostPort === 0 ? [] : port(child(path, 'hostPort'), hostPort)),
      ...requiredOneOf(child(path, 'protocol'), protocol, PROTOCOLS),
    ];
  });
};

const validateCommon = (path: string, container: Container | EphemeralContainer, pod: Pod): FieldError[] => [
  ...requiredText(child(path, 'name'), container.name, dns1123Label),
  ...requiredText(child(path, 'image'), container.image),
  ...requiredOneOf(child(path, 'terminationMessagePolicy'), container.terminationMessagePolicy, [
    'File',
    'FallbackToLogsOnError',
  ]),
  ...validatePorts(child(path, 'ports'), container.ports),
  ...validateEnv(child(path, 'env'), container.env),
  ...validateEnvFrom(child(path, 'envFrom'), container.envFrom),
  ...validateMounts(child(path, 'volumeMounts'), container, pod.volumes),
  ...validateDevices(child(path, 'volumeDevices'), container, pod.volumes),
  ...requiredOneOf(child(path, 'imagePullPolicy'), container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
  ...validateContainerResources(child(path, 'resources'), container.resources, pod.claims, pod.rules),
  ...validateResizePolicy(child(path, 'resizePolicy'), container.resizePolicy, pod.spec.restartPolicy),
  ...validateSecurityContext(child(path, 'securityContext'), container.securityContext, pod.spec.hostUsers !== false),
];

/** Templates may leave blanks around the name of an image; pods may not. */
export const validateImageBlanks = (path: string, { image = '' }: { readonly image?: string }): FieldError[] =>
  image === image.trim() ? [] : [invalid(child(path, 'image'), image, 'must not have leading or trailing whitespace')];

const hostPortConflicts = (field: string, containers: readonly Container[]): FieldError[] => {
  const seen = new Set<string>();
  return containers.flatMap((container, index) =>
    each(child(item(field, index), 'ports'), container.ports, ({ hostPort = 0, protocol, hostIP = '' }, path) => {
      if (hostPort === 0) return [];
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (seen.has(key)) return [duplicate(child(path, 'hostPort'), key)];
      seen.add(key);
      return [];
    }),
  );
};

const validateRunning = (path: string, container: Container, pod: Pod): FieldError[] => [
  ...validateLifecycle(child(path, 'lifecycle'), container.lifecycle, pod),
  ...validateProbes(path, container, pod),
];

const validateMain = (field: string, containers: readonly Container[], pod: Pod): FieldError[] => {
  if (containers.length === 0) return [required(field)];
  const names = new Set<string>();
  return [
    ...each(field, containers, (container, path) => {
      const { name = '' } = container;
      const errors = validateCommon(path, container, pod);
      if (names.has(name)) errors.push(duplicate(child(path, 'name'), name));
      names.add(name);
      return [...errors, ...validateRunning(path, container, pod), ...validateRestarts(path, container)];
    }),
    ...hostPortConflicts(field, containers),
  ];
};

const ONLY_RUNNING = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const NOT_RUNNING = 'may not be set for init containers without restartPolicy=Always';

const validateInit = (field: string, containers: readonly Container[], pod: Pod): FieldError[] => {
  const names = new Set((pod.spec.containers ?? []).map(({ name }) => name ?? ''));
  return each(field, containers, (container, path) => {
    const { name = '' } = container;
    const errors = [...validateCommon(path, container, pod), ...validateInitRestarts(path, container)];
    if (names.has(name)) errors.push(duplicate(child(path, 'name'), name));
    else if (name !== '') names.add(name);
    errors.push(...hostPortConflicts(field, [container]));
    if (container.restartPolicy === 'Always') return [...errors, ...validateRunning(path, container, pod)];
    const unwanted = ONLY_RUNNING.filter((part) => container[part] !== undefined);
    const restarting =
      pod.rules.allowRestartingInitContainers === true
        ? []
        : each(child(path, 'resizePolicy'), container.resizePolicy, ({ restartPolicy }, at) =>
            restartPolicy === 'RestartContainer'
              ? [invalid(child(at, 'restartPolicy'), restartPolicy, NOT_SIDECAR)]
              : [],
          );
    return [...errors, ...unwanted.map((part) => forbidden(child(path, part), NOT_RUNNING)), ...restarting];
  });
};

const NOT_SIDECAR = "must not be set to 'RestartContainer' for non-sidecar initContainers";

/** Fields that a container which joins a running pod may not set, in the order of Kubernetes. */
const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;
const isSet = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && JSON.stringify(value) !== '{}';
const NO_EPHEMERAL = 'cannot be set for an Ephemeral Container';

const validateEphemeral = (field: string, containers: readonly EphemeralContainer[], pod: Pod): FieldError[] => {
  const others = new Set(
    [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])].map(({ name }) => name ?? ''),
  );
  const names = new Set(others);
  return each(field, containers, (container, path) => {
    const { name = '', targetContainerName: target = '' } = container;
    const errors = [...validateCommon(path, container, pod), ...validateImageBlanks(path, container)];
    if (names.has(name)) errors.push(duplicate(child(path, 'name'), name));
    names.add(name);
    if (target !== '' && !others.has(target)) errors.push(notFound(child(path, 'targetContainerName'), target));
    const unwanted = NOT_EPHEMERAL.filter((part) =>
      part === 'resources' ? isSet(container.resources) : isSet(container[part]) || isProbe(container, part),
    );
    return [
      ...errors,
      ...unwanted.map((part) => forbidden(child(path, part), NO_EPHEMERAL)),
      ...each(child(path, 'volumeMounts'), container.volumeMounts, ({ subPath = '', subPathExpr = '' }, at) => [
        ...(subPath === '' ? [] : [forbidden(child(at, 'subPath'), NO_EPHEMERAL)]),
        ...(subPathExpr === '' ? [] : [forbidden(child(at, 'subPathExpr'), NO_EPHEMERAL)]),
      ]),
    ];
  });
};

/** An empty object counts where Go holds a pointer. */
const isProbe = (container: EphemeralContainer, part: (typeof NOT_EPHEMERAL)[number]): boolean =>
  (part.endsWith('Probe') || part === 'lifecycle') && container[part] !== undefined;

/** The containers of a pod or of a template. `volumes` are those that may be mounted. */
export const validateContainers = (
  field: string,
  spec: PodSpec,
  volumes: ReadonlyMap<string, Volume>,
  rules: PodRules,
): FieldError[] => {
  const pod: Pod = {
    spec,
    rules,
    volumes,
    claims: (spec.resourceClaims ?? []).map(({ name = '' }) => name).filter((name) => name !== ''),
    grace: spec.terminationGracePeriodSeconds,
    os: spec.os,
  };
  return [
    ...validateMain(child(field, 'containers'), spec.containers ?? [], pod),
    ...validateInit(child(field, 'initContainers'), spec.initContainers ?? [], pod),
    ...validateEphemeral(child(field, 'ephemeralContainers'), spec.ephemeralContainers ?? [], pod),
  ];
};
