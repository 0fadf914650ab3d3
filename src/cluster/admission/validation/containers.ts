import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  EphemeralContainer,
  Lifecycle,
  LifecycleHandler,
  Probe,
  VolumeMount,
} from '../../../objects/kinds/core-v1.js';
import {
  dns1123Label,
  dns1123Subdomain,
  relaxedEnvVarName,
  validConfigMapKey,
  validHttpHeaderName,
  validPortName,
} from '../../../objects/names.js';
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
import { validateResources } from './quantities.js';
import {
  each,
  nonNegative,
  oneOf,
  optionalText,
  port,
  positive,
  requiredOneOf,
  requiredText,
  unique,
} from './rules.js';
import { validateSecurityContext } from './security-context.js';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

const validatePort = (value: number | string | undefined, field: string): FieldError[] => {
  if (typeof value === 'string') return requiredText(field, value, validPortName);
  return port(field, value ?? 0);
};

const validatePorts = (field: string, ports: readonly ContainerPort[] | undefined): FieldError[] => [
  ...each(field, ports, (each_, path) => [
    ...optionalText(child(path, 'name'), each_.name, validPortName),
    ...((each_.containerPort ?? 0) === 0
      ? [required(child(path, 'containerPort'))]
      : port(child(path, 'containerPort'), each_.containerPort)),
    ...(each_.hostPort === undefined || each_.hostPort === 0 ? [] : port(child(path, 'hostPort'), each_.hostPort)),
    ...requiredOneOf(child(path, 'protocol'), each_.protocol, PROTOCOLS),
  ]),
  ...unique(field, ports, ({ name }) => name, 'name'),
];

const DOWNWARD_FIELDS = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);

const validateEnvSource = (field: string, source: NonNullable<EnvVar['valueFrom']>): FieldError[] => {
  const errors: FieldError[] = [];
  const given = Object.keys(source);
  if (given.length === 0) {
    errors.push(
      invalid(
        field,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ),
    );
  }
  if (given.length > 1) errors.push(invalid(field, '', 'may not have more than one field specified at a time'));
  const { fieldRef, configMapKeyRef, secretKeyRef, resourceFieldRef } = source;
  if (fieldRef !== undefined) {
    const path = child(field, 'fieldRef');
    const name = fieldRef.fieldPath ?? '';
    if (name === '') errors.push(required(child(path, 'fieldPath')));
    else if (!DOWNWARD_FIELDS.has(name) && !/^metadata\.(labels|annotations)\['.+'\]$/.test(name)) {
      errors.push(
        invalid(child(path, 'fieldPath'), name, `error converting fieldPath: field label not supported: ${name}`),
      );
    }
  }
  for (const [name, reference] of [
    ['configMapKeyRef', configMapKeyRef],
    ['secretKeyRef', secretKeyRef],
  ] as const) {
    if (reference === undefined) continue;
    errors.push(...requiredText(child(child(field, name), 'key'), reference.key, validConfigMapKey));
  }
  if (resourceFieldRef !== undefined)
    errors.push(...requiredText(child(child(field, 'resourceFieldRef'), 'resource'), resourceFieldRef.resource));
  return errors;
};

const validateEnv = (field: string, variables: readonly EnvVar[] | undefined): FieldError[] =>
  each(field, variables, (variable, path) => {
    const errors = requiredText(child(path, 'name'), variable.name, relaxedEnvVarName);
    if (variable.valueFrom === undefined) return errors;
    if ((variable.value ?? '') !== '') {
      errors.push(invalid(child(path, 'valueFrom'), '', 'may not be specified when `value` is not empty'));
    }
    return [...errors, ...validateEnvSource(child(path, 'valueFrom'), variable.valueFrom)];
  });

const validateEnvFrom = (field: string, sources: readonly EnvFromSource[] | undefined): FieldError[] =>
  each(field, sources, (source, path) => {
    const errors = optionalText(child(path, 'prefix'), source.prefix, relaxedEnvVarName);
    if (source.configMapRef !== undefined && source.secretRef !== undefined) {
      errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
    } else if (source.configMapRef !== undefined) {
      errors.push(
        ...requiredText(child(child(path, 'configMapRef'), 'name'), source.configMapRef.name, dns1123Subdomain),
      );
    } else if (source.secretRef !== undefined) {
      errors.push(...requiredText(child(child(path, 'secretRef'), 'name'), source.secretRef.name, dns1123Subdomain));
    } else {
      errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    }
    return errors;
  });

const localPath = (field: string, path: string | undefined): FieldError[] => {
  const errors: FieldError[] = [];
  if (path?.startsWith('/') === true) errors.push(invalid(field, path, 'must be a relative path'));
  if (path?.split('/').includes('..') === true) errors.push(invalid(field, path, "must not contain '..'"));
  return errors;
};

const validateMounts = (
  field: string,
  mounts: readonly VolumeMount[] | undefined,
  volumes: ReadonlySet<string>,
): FieldError[] => [
  ...each(field, mounts, (mount, path) => [
    ...((mount.name ?? '') === '' ? [required(child(path, 'name'))] : []),
    ...((mount.name ?? '') !== '' && !volumes.has(mount.name) ? [notFound(child(path, 'name'), mount.name)] : []),
    ...requiredText(child(path, 'mountPath'), mount.mountPath),
    ...localPath(child(path, 'subPath'), mount.subPath),
    ...localPath(child(path, 'subPathExpr'), mount.subPathExpr),
    ...((mount.subPath ?? '') !== '' && (mount.subPathExpr ?? '') !== ''
      ? [invalid(child(path, 'subPathExpr'), mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive')]
      : []),
    ...oneOf(child(path, 'mountPropagation'), mount.mountPropagation, ['Bidirectional', 'HostToContainer', 'None']),
  ]),
  ...mustBeUnique(field, mounts),
];

const mustBeUnique = (field: string, mounts: readonly VolumeMount[] | undefined): FieldError[] => {
  const seen = new Set<string>();
  return each(field, mounts, ({ mountPath }, path) => {
    if (!seen.has(mountPath)) {
      seen.add(mountPath);
      return [];
    }
    return [invalid(child(path, 'mountPath'), mountPath, 'must be unique')];
  });
};

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

const validateHandler = (field: string, handler: LifecycleHandler & Pick<Probe, 'grpc'>): FieldError[] => {
  const given = HANDLERS.filter((name) => handler[name] !== undefined);
  if (given.length === 0) return [required(field, 'must specify a handler type')];
  const errors = given
    .slice(1)
    .map((name) => forbidden(child(field, name), 'may not specify more than 1 handler type'));
  const { exec, httpGet, tcpSocket, grpc } = handler;
  if (exec !== undefined && (exec.command ?? []).length === 0) errors.push(required(child(field, 'exec.command')));
  if (httpGet !== undefined) {
    const path = child(field, 'httpGet');
    errors.push(
      ...requiredText(child(path, 'path'), httpGet.path),
      ...validatePort(httpGet.port, child(path, 'port')),
      ...requiredOneOf(child(path, 'scheme'), httpGet.scheme, ['HTTP', 'HTTPS']),
      ...each(child(path, 'httpHeaders'), httpGet.httpHeaders, (header, at) =>
        invalidEach(child(at, 'name'), header.name, validHttpHeaderName(header.name)),
      ),
    );
  }
  if (tcpSocket !== undefined) errors.push(...validatePort(tcpSocket.port, child(field, 'tcpSocket.port')));
  if (grpc !== undefined) errors.push(...port(child(field, 'grpc.port'), grpc.port));
  return errors;
};

const validateProbe = (field: string, probe: Probe | undefined, mustSucceedOnce: boolean): FieldError[] => {
  if (probe === undefined) return [];
  const errors = [
    ...validateHandler(field, probe),
    ...nonNegative(child(field, 'initialDelaySeconds'), probe.initialDelaySeconds),
    ...nonNegative(child(field, 'timeoutSeconds'), probe.timeoutSeconds),
    ...nonNegative(child(field, 'periodSeconds'), probe.periodSeconds),
    ...nonNegative(child(field, 'successThreshold'), probe.successThreshold),
    ...nonNegative(child(field, 'failureThreshold'), probe.failureThreshold),
  ];
  if (mustSucceedOnce && probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    errors.push(invalid(child(field, 'successThreshold'), probe.successThreshold, 'must be 1'));
  }
  if (probe.terminationGracePeriodSeconds !== undefined) {
    errors.push(...positive(child(field, 'terminationGracePeriodSeconds'), probe.terminationGracePeriodSeconds));
  }
  return errors;
};

const validateLifecycle = (field: string, lifecycle: Lifecycle | undefined): FieldError[] => [
  ...(lifecycle?.postStart === undefined ? [] : validateHandler(child(field, 'postStart'), lifecycle.postStart)),
  ...(lifecycle?.preStop === undefined ? [] : validateHandler(child(field, 'preStop'), lifecycle.preStop)),
];

const validateCommon = (
  container: Container | EphemeralContainer,
  path: string,
  volumes: ReadonlySet<string>,
): FieldError[] => {
  const image = container.image ?? '';
  return [
    ...requiredText(child(path, 'name'), container.name, dns1123Label),
    ...(image !== image.trim()
      ? [invalid(child(path, 'image'), image, 'must not have leading or trailing whitespace')]
      : []),
    ...requiredOneOf(child(path, 'terminationMessagePolicy'), container.terminationMessagePolicy, [
      'File',
      'FallbackToLogsOnError',
    ]),
    ...validatePorts(child(path, 'ports'), container.ports),
    ...validateEnv(child(path, 'env'), container.env),
    ...validateEnvFrom(child(path, 'envFrom'), container.envFrom),
    ...validateMounts(child(path, 'volumeMounts'), container.volumeMounts, volumes),
    ...requiredOneOf(child(path, 'imagePullPolicy'), container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
    ...validateResources(child(path, 'resources'), container.resources),
    ...validateSecurityContext(child(path, 'securityContext'), container.securityContext),
    ...each(child(path, 'volumeDevices'), container.volumeDevices, (device, at) => [
      ...requiredText(child(at, 'name'), device.name),
      ...requiredText(child(at, 'devicePath'), device.devicePath),
    ]),
  ];
};

const withImage = (container: Container, path: string): FieldError[] =>
  requiredText(child(path, 'image'), container.image);

const validateMain = (container: Container, path: string): FieldError[] => [
  ...validateLifecycle(child(path, 'lifecycle'), container.lifecycle),
  ...validateProbe(child(path, 'livenessProbe'), container.livenessProbe, true),
  ...validateProbe(child(path, 'readinessProbe'), container.readinessProbe, false),
  ...validateProbe(child(path, 'startupProbe'), container.startupProbe, true),
  ...(container.readinessProbe?.terminationGracePeriodSeconds === undefined
    ? []
    : [
        invalid(
          child(path, 'readinessProbe.terminationGracePeriodSeconds'),
          container.readinessProbe.terminationGracePeriodSeconds,
          'must not be set for readinessProbes',
        ),
      ]),
];

const validateInit = (container: Container, path: string): FieldError[] => {
  const policy = container.restartPolicy;
  if (policy === 'Always') return validateMain(container, path);
  const wrong = oneOf(child(path, 'restartPolicy'), policy, ['Always', 'OnFailure', 'Never']);
  const unwanted = (['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
    .filter((name) => container[name] !== undefined)
    .map((name) => forbidden(child(path, name), 'may not be set for init containers without restartPolicy=Always'));
  return [...wrong, ...unwanted];
};

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

export interface PodContainers {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly EphemeralContainer[];
}

/** The containers of a pod or of a template. `volumes` are the names that mounts may use. */
export const validateContainers = (field: string, spec: PodContainers, volumes: ReadonlySet<string>): FieldError[] => {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  const main = child(field, 'containers');
  const init = child(field, 'initContainers');
  const ephemeral = child(field, 'ephemeralContainers');
  if (containers.length === 0) return [required(main)];
  const names = new Set(containers.map(({ name }) => name));
  return [
    ...each(main, containers, (container, path) => [
      ...validateCommon(container, path, volumes),
      ...withImage(container, path),
      ...validateMain(container, path),
    ]),
    ...unique(main, containers, ({ name }) => name, 'name'),
    ...hostPortConflicts(main, containers),
    ...each(init, initContainers, (container, path) => [
      ...validateCommon(container, path, volumes),
      ...withImage(container, path),
      ...validateInit(container, path),
      ...(names.has(container.name) ? [duplicate(child(path, 'name'), container.name)] : []),
    ]),
    ...unique(init, initContainers, ({ name }) => name, 'name'),
    ...each(ephemeral, ephemeralContainers, (container, path) => [
      ...validateCommon(container, path, volumes),
      ...requiredText(child(path, 'image'), container.image),
      ...(names.has(container.name) ? [duplicate(child(path, 'name'), container.name)] : []),
      ...((container.targetContainerName ?? '') !== '' && !names.has(container.targetContainerName ?? '')
        ? [notFound(child(path, 'targetContainerName'), container.targetContainerName)]
        : []),
    ]),
    ...unique(ephemeral, ephemeralContainers, ({ name }) => name, 'name'),
  ];
};
