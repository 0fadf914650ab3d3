import type { ObjectMeta } from '../../../objects/object.js';
import type { Volume } from '../../../objects/kinds/core-v1.js';
import { dns1123Label, dns1123Subdomain } from '../../../objects/names.js';
import {
  child,
  duplicate,
  forbidden,
  goQuote,
  invalid,
  invalidEach,
  item,
  required,
  type FieldError,
} from '../field-errors.js';
import { validateClaimTemplate } from './claims.js';
import type { PodRules } from './pod-rules.js';
import {
  INITIATOR_FORMS,
  isLongPortal,
  LONG_PORTAL,
  needed,
  SOURCES,
  validateInitiatorName,
  validateIscsi,
} from './volume-sources.js';

/** The order in which the server looks at the sources of a volume: the first one counts. */
const ORDER = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
] as const;

/** What the server calls a source of which there is one too many. */
const REPORTED: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

const validateOne = (field: string, volume: Volume, name: (typeof ORDER)[number], rules: PodRules): FieldError[] => {
  const path = child(field, name);
  if (name === 'iscsi' && volume.iscsi !== undefined) {
    return [
      ...needed(path, volume.iscsi, 'targetPortal'),
      ...validateIscsi(path, volume.iscsi, INITIATOR_FORMS),
      ...validateInitiatorName(path, volume.iscsi.initiatorName, INITIATOR_FORMS),
    ];
  }
  if (name === 'ephemeral' && volume.ephemeral !== undefined) {
    const template = volume.ephemeral.volumeClaimTemplate;
    const at = child(path, 'volumeClaimTemplate');
    return [
      ...(template === undefined ? [required(at)] : validateClaimTemplate(at, template)),
      ...validateClaimName(child(field, 'name'), volume.name, rules.metadata?.name ?? ''),
    ];
  }
  const rule = (SOURCES as Readonly<Record<string, unknown>>)[name] as
    | ((source: unknown, field: string, rules: PodRules) => FieldError[])
    | undefined;
  return rule?.(volume[name], path, rules) ?? [];
};

/** The claim that is made for an ephemeral volume is called after pod and volume. */
const validateClaimName = (field: string, volume = '', pod: string): FieldError[] => {
  if (pod === '' || volume === '') return [];
  const name = `${pod}-${volume}`;
  return dns1123Subdomain(name).map((message) => invalid(field, volume, `PVC name ${goQuote(name)}: ${message}`));
};

const validateSource = (field: string, volume: Volume, rules: PodRules): FieldError[] => {
  const given = ORDER.filter((name) => volume[name] !== undefined);
  if (given.length === 0) return [required(field, 'must specify a volume type')];
  const [first] = given;
  return given.flatMap((name) => [
    ...(name === first
      ? validateOne(field, volume, name, rules)
      : [forbidden(child(field, REPORTED[name] ?? name), 'may not specify more than 1 volume type')]),
    ...(name === 'iscsi' && volume.iscsi !== undefined && isLongPortal(volume.name, volume.iscsi)
      ? [invalid(child(field, 'name'), volume.name, LONG_PORTAL)]
      : []),
  ]);
};

export interface CheckedVolumes {
  readonly errors: readonly FieldError[];
  /** The volumes that are right: others may not be mounted. */
  readonly volumes: ReadonlyMap<string, Volume>;
}

export const validateVolumes = (
  field: string,
  volumes: readonly Volume[] | undefined,
  rules: PodRules,
): CheckedVolumes => {
  const right = new Map<string, Volume>();
  const errors: FieldError[] = [];
  const made = claimsMadeFor(volumes ?? [], rules.metadata);
  for (const [index, volume] of (volumes ?? []).entries()) {
    const path = item(field, index);
    const { name = '' } = volume;
    const wrong = [
      ...validateSource(path, volume, rules),
      ...(name === '' ? [required(child(path, 'name'))] : invalidEach(child(path, 'name'), name, dns1123Label(name))),
      ...(right.has(name) ? [duplicate(child(path, 'name'), name)] : []),
    ];
    if (wrong.length === 0) right.set(name, volume);
    errors.push(...wrong);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && made.has(claim)) {
      const at = child(path, 'persistentVolumeClaim.claimName');
      errors.push(invalid(at, claim, 'must not reference a PVC that gets created for an ephemeral volume'));
    }
  }
  return { errors, volumes: right };
};

const claimsMadeFor = (volumes: readonly Volume[], metadata: ObjectMeta | undefined): ReadonlySet<string> => {
  const pod = metadata?.name ?? '';
  const ephemeral = pod === '' ? [] : volumes.filter((volume) => volume.ephemeral !== undefined);
  return new Set(ephemeral.map(({ name }) => `${pod}-${name}`));
};
