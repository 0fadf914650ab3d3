import { timestamp } from '../../../objects/conditions.js';
import { applyOrThrow, trackUpdate, type WriteContext } from '../../../objects/apply/apply-object.js';
import { jsonEquals } from '../../../objects/json.js';
import type { KubeObject, ManagedFieldsEntry } from '../../../objects/object.js';
import type { Target, WriteParameters } from '../request.js';
import type { Machinery } from './machinery.js';
import { hasStatus, hasStatusAlone } from './preparation.js';

const writeContext = (machinery: Machinery, target: Target, manager: string): WriteContext => {
  const schema = machinery.rules.mergeType(target);
  return {
    manager,
    subresource: target.subresource,
    now: timestamp(machinery.clock.now()),
    resetFields: resetFields(target),
    ...(schema === undefined ? {} : { schema }),
  };
};

type Paths = readonly (readonly string[])[];

const RESET_BY_STATUS: Readonly<Record<string, Paths>> = {
  '/pods': [['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']],
  'apps/deployments': [['spec'], ['metadata', 'labels']],
  'certificates.k8s.io/certificatesigningrequests': [['spec'], ['status', 'conditions']],
};

/** Fields that a write to this part of an object does not set, whatever it says. */
const resetFields = ({ resource, subresource }: Target): Paths => {
  const id = `${resource.group}/${resource.plural}`;
  if (subresource === 'status') {
    if (hasStatusAlone(resource)) return [['metadata'], ['spec']];
    return RESET_BY_STATUS[id] ?? [['spec']];
  }
  if (subresource === 'approval') return [['spec'], ['status', 'certificate']];
  return subresource === undefined && hasStatus(resource) ? [['status']] : [];
};

/** The object with `manager` recorded as the owner of what it changed. */
export const recordUpdate = (
  machinery: Machinery,
  target: Target,
  current: KubeObject | undefined,
  object: KubeObject,
  manager: string,
): KubeObject => trackUpdate({ ...writeContext(machinery, target, manager), live: current, updated: object });

/** What is applied, merged into the object under the name of its manager. Throws Conflict, BadRequest. */
export const applyManaged = (
  machinery: Machinery,
  target: Target,
  current: KubeObject | undefined,
  applied: KubeObject,
  { fieldManager, force }: WriteParameters & { readonly force: boolean },
): KubeObject => applyOrThrow({ ...writeContext(machinery, target, fieldManager), live: current, applied, force });

/** True when a change leaves the object as it is; the times of its managers do not count. */
export const sameButManagedTimes = (object: KubeObject, current: KubeObject): boolean =>
  object === current || jsonEquals(withoutTimes(object), withoutTimes(current));

const withoutTimes = (object: KubeObject): KubeObject => {
  const { managedFields, ...metadata } = object.metadata;
  if (managedFields === undefined) return object;
  const timeless = managedFields.map(({ time: _time, ...entry }: ManagedFieldsEntry) => entry);
  return { ...object, metadata: { ...metadata, managedFields: timeless } };
};
