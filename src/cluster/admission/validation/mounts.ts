import type {
  Container,
  EphemeralContainer,
  Volume,
  VolumeDevice,
  VolumeMount,
} from '../../../objects/kinds/core-v1.js';
import { child, forbidden, invalid, notFound, notSupported, required, type FieldError } from '../field-errors.js';
import { descending, withoutParent } from './paths.js';
import { each, oneOf } from './rules.js';

type AnyContainer = Container | EphemeralContainer;

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];
const READ_ONLY = ['Disabled', 'Enabled', 'IfPossible'];

/** How far down a mount is read-only. Reported for the list, not for the element, as is all that follows `subPath`. */
const validateReadOnly = (field: string, mount: VolumeMount): FieldError[] => {
  const { recursiveReadOnly, readOnly, mountPropagation } = mount;
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return [];
  if (!READ_ONLY.includes(recursiveReadOnly)) return [notSupported(field, recursiveReadOnly, READ_ONLY)];
  return [
    ...(readOnly === true ? [] : [forbidden(field, 'may only be specified when readOnly is true')]),
    ...(mountPropagation === undefined || mountPropagation === 'None'
      ? []
      : [forbidden(field, 'may only be specified when mountPropagation is None or not specified')]),
  ];
};

const validatePropagation = (field: string, mount: VolumeMount, container: AnyContainer): FieldError[] => [
  ...oneOf(field, mount.mountPropagation, PROPAGATIONS),
  ...(mount.mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true
    ? [forbidden(field, 'Bidirectional mount propagation is available only to privileged containers')]
    : []),
];

export const validateMounts = (
  field: string,
  container: AnyContainer,
  volumes: ReadonlyMap<string, Volume>,
): FieldError[] => {
  const devices = container.volumeDevices ?? [];
  const seen = new Set<string>();
  return each(field, container.volumeMounts, (mount, path) => {
    const { name = '', mountPath = '', subPath = '', subPathExpr = '' } = mount;
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(child(path, 'name')));
    if (!volumes.has(name)) errors.push(notFound(child(path, 'name'), name));
    if (mountPath === '') errors.push(required(child(path, 'mountPath')));
    if (seen.has(mountPath)) errors.push(invalid(child(path, 'mountPath'), mountPath, 'must be unique'));
    seen.add(mountPath);
    if (devices.some((device) => (device.name ?? '') === name)) {
      errors.push(invalid(child(path, 'name'), name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => (device.devicePath ?? '') === mountPath)) {
      const detail = 'must not already exist as a path in volumeDevices';
      errors.push(invalid(child(path, 'mountPath'), mountPath, detail));
    }
    errors.push(...descending(child(field, 'subPath'), subPath));
    if (subPath !== '' && subPathExpr !== '') {
      const detail = 'subPathExpr and subPath are mutually exclusive';
      errors.push(invalid(child(path, 'subPathExpr'), subPathExpr, detail));
    }
    return [
      ...errors,
      ...descending(child(field, 'subPathExpr'), subPathExpr),
      ...validatePropagation(child(field, 'mountPropagation'), mount, container),
      ...validateReadOnly(child(field, 'recursiveReadOnly'), mount),
    ];
  });
};

const BLOCK_SOURCES = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';

export const validateDevices = (
  field: string,
  container: AnyContainer,
  volumes: ReadonlyMap<string, Volume>,
): FieldError[] => {
  const mounts = container.volumeMounts ?? [];
  const [names, paths] = [new Set<string>(), new Set<string>()];
  return each(field, container.volumeDevices, (device: VolumeDevice, path) => {
    const { name = '', devicePath = '' } = device;
    const [nameField, pathField] = [child(path, 'name'), child(path, 'devicePath')];
    const volume = volumes.get(name);
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(nameField));
    if (names.has(name)) errors.push(invalid(nameField, name, 'must be unique'));
    if (volume === undefined) errors.push(notFound(nameField, name));
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      errors.push(invalid(nameField, name, BLOCK_SOURCES));
    }
    if (devicePath === '') errors.push(required(pathField));
    if (paths.has(devicePath)) errors.push(invalid(pathField, devicePath, 'must be unique'));
    if (withoutParent(pathField, devicePath).length > 0) {
      errors.push(invalid(pathField, devicePath, "can not contain backsteps ('..')"));
    } else paths.add(devicePath);
    if (mounts.some((mount) => (mount.name ?? '') === name)) {
      errors.push(invalid(nameField, name, 'must not already exist in volumeMounts'));
    }
    if (mounts.some((mount) => (mount.mountPath ?? '') === devicePath)) {
      errors.push(invalid(pathField, devicePath, 'must not already exist as a path in volumeMounts'));
    }
    if (name !== '') names.add(name);
    return errors;
  });
};
