import type { Container, EphemeralContainer, PodSpec } from '../../../objects/kinds/core-v1.js';
import { child, forbidden, invalid, item, notFound, notSupported, required, type FieldError } from '../field-errors.js';
import type { PodRules } from './pod-rules.js';

type AnyContainer = Container | EphemeralContainer;

/** The containers of a pod with their paths, in the order in which the server visits them. */
export const containersOf = (field: string, spec: PodSpec): readonly (readonly [AnyContainer, string])[] =>
  (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => [container, item(child(field, list), index)] as const),
  );

const NOT_LINUX = 'windows options cannot be set for a linux pod';
const NOT_WINDOWS = 'cannot be set for a windows pod';

/** What only Linux has, in the order of the server: fields of the spec, and of its security context. */
const OF_LINUX = [
  'securityContext.appArmorProfile',
  'securityContext.seLinuxOptions',
  'hostUsers',
  'hostPID',
  'hostIPC',
  'securityContext.seccompProfile',
  'securityContext.fsGroup',
  'securityContext.fsGroupChangePolicy',
  'securityContext.sysctls',
  'shareProcessNamespace',
  'securityContext.runAsUser',
  'securityContext.runAsGroup',
  'securityContext.supplementalGroups',
  'securityContext.supplementalGroupsPolicy',
  'securityContext.seLinuxChangePolicy',
] as const;

const OF_LINUX_CONTAINERS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

const valueAt = (spec: PodSpec, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], spec);

const isSet = (value: unknown, path: string): boolean => {
  if (value === undefined) return false;
  if (path === 'hostPID' || path === 'hostIPC') return value === true;
  return !path.endsWith('sysctls') || (Array.isArray(value) && value.length > 0);
};

export const validateOs = (field: string, spec: PodSpec): FieldError[] => {
  if (spec.os === undefined) return [];
  const { name = '' } = spec.os;
  if (name === '') return [required(child(field, 'os.name'))];
  const containers = containersOf(field, spec);
  if (name === 'linux') {
    const context = child(field, 'securityContext.windowsOptions');
    return [
      ...(spec.securityContext?.windowsOptions === undefined ? [] : [forbidden(context, NOT_LINUX)]),
      ...containers
        .filter(([{ securityContext }]) => securityContext?.windowsOptions !== undefined)
        .map(([, path]) => forbidden(child(path, 'securityContext.windowsOptions'), NOT_LINUX)),
    ];
  }
  if (name !== 'windows') return [notSupported(child(field, 'os'), name, ['linux', 'windows'])];
  return [
    ...OF_LINUX.filter((path) => isSet(valueAt(spec, path), path)).map((path) =>
      forbidden(child(field, path), NOT_WINDOWS),
    ),
    ...containers.flatMap(([{ securityContext }, path]) =>
      OF_LINUX_CONTAINERS.filter((name) => securityContext?.[name] !== undefined).map((name) =>
        forbidden(child(path, `securityContext.${name}`), NOT_WINDOWS),
      ),
    ),
  ];
};

/** Containers that are processes of their Windows node: all of a pod's, or none. */
export const validateHostProcess = (field: string, spec: PodSpec): FieldError[] => {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const errors: FieldError[] = [];
  const containers = containersOf(field, spec);
  for (const [{ securityContext }, path] of containers) {
    const own = securityContext?.windowsOptions?.hostProcess;
    if (ofPod === undefined || own === undefined || own === ofPod) continue;
    const at = child(path, 'securityContext.windowsOptions.hostProcess');
    errors.push(invalid(at, own, `pod hostProcess value must be identical if both are specified, was ${ofPod}`));
  }
  const processes = containers.filter(
    ([{ securityContext }]) => (securityContext?.windowsOptions?.hostProcess ?? ofPod) === true,
  );
  if (processes.length === 0) return errors;
  if (processes.length !== containers.length) {
    const detail = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalid(field, '', detail));
  }
  if (spec.hostNetwork !== true) {
    const detail = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalid(child(field, 'hostNetwork'), false, detail));
  }
  return errors;
};

const WITHOUT_USERS = 'when `hostUsers` is false';

/** A pod with users of its own may not share what names the node's. */
export const validateHostUsers = (field: string, spec: PodSpec, rules: PodRules): FieldError[] => {
  if (spec.hostUsers !== false) return [];
  const devices = rules.allowDevicesOfUsers === true ? [] : containersOf(field, spec);
  return [
    ...(spec.hostNetwork === true ? [forbidden(child(field, 'hostNetwork'), WITHOUT_USERS)] : []),
    ...(spec.hostPID === true ? [forbidden(child(field, 'HostPID'), WITHOUT_USERS)] : []),
    ...(spec.hostIPC === true ? [forbidden(child(field, 'HostIPC'), WITHOUT_USERS)] : []),
    ...devices
      .filter(([{ volumeDevices = [] }]) => volumeDevices.length > 0)
      .map(([, path]) => forbidden(child(path, 'volumeDevices'), WITHOUT_USERS)),
  ];
};

/** Variables from files come from an empty directory of the pod. */
export const validateFileVariables = (field: string, spec: PodSpec): FieldError[] =>
  containersOf(field, spec).flatMap(([{ env = [] }, path]) =>
    env.flatMap(({ valueFrom }, index) => {
      if (valueFrom?.fileKeyRef === undefined) return [];
      const { volumeName = '' } = valueFrom.fileKeyRef;
      const at = child(item(child(path, 'env'), index), 'valueFrom.fileKeyRef.volumeName');
      const volume = spec.volumes?.findLast(({ name }) => name === volumeName);
      if (volume === undefined) return [notFound(at, volumeName)];
      return volume.emptyDir === undefined
        ? [invalid(at, volumeName, 'referenced volume must be of type emptyDir')]
        : [];
    }),
  );
