import type { PersistentVolumeSpec, Volume } from '../../../objects/kinds/core-v1.js';
import { dns1123Label, dns1123Subdomain } from '../../../objects/names.js';
import { child, forbidden, invalid, invalidEach, required, type FieldError } from '../field-errors.js';
import { withoutParent } from './paths.js';
import { OF_TEMPLATE } from './pod-rules.js';
import {
  driverName,
  isLongPortal,
  LONG_PORTAL,
  needed,
  SOURCES,
  validateInitiatorName,
  validateIscsi,
  validateStorageOs,
} from './volume-sources.js';

type Spec = PersistentVolumeSpec;
type Rule<Name extends keyof Spec> = (source: NonNullable<Spec[Name]>, field: string, volume: string) => FieldError[];

/** A secret of some namespace; `isNamed` asks for names that can be. */
const secret = (
  field: string,
  ref: { readonly name?: string; readonly namespace?: string } | undefined,
  isNamed = false,
): FieldError[] => {
  if (ref === undefined) return [];
  const { name = '', namespace = '' } = ref;
  if (!isNamed) return needed(field, ref, 'name', 'namespace');
  const [namePath, namespacePath] = [child(field, 'name'), child(field, 'namespace')];
  return [
    ...(name === '' ? [required(namePath)] : invalidEach(namePath, name, dns1123Subdomain(name))),
    ...(namespace === '' ? [required(namespacePath)] : invalidEach(namespacePath, namespace, dns1123Label(namespace))),
  ];
};

const FORMAT = 'must be valid format';

/** The sources that differ from those of pods: they refer to things of any namespace. */
const OWN: { readonly [Name in keyof Spec]?: Rule<Name> } = {
  glusterfs: (source, field) => {
    const { endpointsNamespace: namespace } = source;
    const path = child(field, 'endpointsNamespace');
    const errors = needed(field, source, 'endpoints', 'path');
    if (namespace === undefined) return errors;
    return namespace === ''
      ? [...errors, invalid(path, '', 'if the endpointnamespace is set, it must be a valid namespace name')]
      : [...errors, ...invalidEach(path, namespace, dns1123Label(namespace))];
  },
  iscsi: (source, field, volume) => [
    ...needed(field, source, 'targetPortal'),
    ...(isLongPortal(volume, source)
      ? [invalid(child(field, 'targetportal'), source.targetPortal ?? '', LONG_PORTAL)]
      : []),
    ...validateIscsi(field, source, FORMAT),
    ...(source.secretRef === undefined ? [] : needed(child(field, 'secretRef'), source.secretRef, 'name')),
    ...validateInitiatorName(field, source.initiatorName, FORMAT),
  ],
  cinder: (source, field) => [
    ...needed(field, source, 'volumeID'),
    ...secret(child(field, 'secretRef'), source.secretRef),
  ],
  azureFile: (source, field) => [
    ...needed(field, source, 'secretName', 'shareName'),
    ...(source.secretNamespace === '' ? [required(child(field, 'secretNamespace'))] : []),
  ],
  local: ({ path = '' }, field) =>
    path === '' ? [required(child(field, 'path'))] : withoutParent(child(field, 'path'), path),
  storageos: (source, field) => {
    const { secretRef, ...rest } = source;
    return [...validateStorageOs(field, rest), ...secret(child(field, 'secretRef'), secretRef)];
  },
  csi: (source, field) => [
    ...driverName(child(field, 'driver'), source.driver),
    ...needed(field, source, 'volumeHandle'),
    ...(
      [
        'controllerPublishSecretRef',
        'controllerExpandSecretRef',
        'nodePublishSecretRef',
        'nodeExpandSecretRef',
      ] as const
    ).flatMap((name) => secret(child(field, name), source[name], true)),
  ],
};

/** In the order in which they are looked at. */
const ORDER = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const satisfies readonly (keyof Spec & (keyof Volume | 'local'))[];

/** The part of a spec that says where the data is. */
export const sourceOf = (spec: Spec): Readonly<Record<string, unknown>> =>
  Object.fromEntries(ORDER.filter((name) => spec[name] !== undefined).map((name) => [name, spec[name]]));

const validateOne = (
  field: string,
  spec: Spec,
  name: (typeof ORDER)[number],
  volume: string,
): readonly FieldError[] => {
  const path = child(field, name);
  const own = OWN[name];
  if (own !== undefined) return own(spec[name] as never, path, volume);
  return name === 'local' || name === 'iscsi' ? [] : (SOURCES[name]?.(spec[name] as never, path, OF_TEMPLATE) ?? []);
};

/** Exactly one source, which is as it should be. `volume` is the name of the volume. */
export const validatePersistentSource = (field: string, spec: Spec, volume: string): FieldError[] => {
  const given = ORDER.filter((name) => spec[name] !== undefined);
  const errors = given.flatMap((name, index) => {
    if (index > 0 && name !== 'flexVolume') {
      const path = child(field, name === 'cephfs' ? 'cephFS' : name);
      return [forbidden(path, 'may not specify more than 1 volume type')];
    }
    const wrong = validateOne(field, spec, name, volume);
    return name === 'local' && spec.nodeAffinity === undefined
      ? [...wrong, required(child(field, 'nodeAffinity'), 'Local volume requires node affinity')]
      : wrong;
  });
  return given.length === 0 ? [required(field, 'must specify a volume type')] : errors;
};
