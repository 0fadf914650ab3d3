import {
  applyOrThrow,
  trackUpdate,
  withManagedFields,
  type WriteContext,
} from '../../../objects/apply/apply-object.js';
import { difference, isEmptySet, setOfPath, type FieldSet } from '../../../objects/apply/field-set.js';
import { decodeManagers, encodeManagers, type Manager } from '../../../objects/apply/managed-fields.js';
import { fieldElement } from '../../../objects/apply/path-element.js';
import type { KubeObject } from '../../../objects/object.js';
import type { ServedResource } from '../request.js';
import { replicasPath, scaleOf } from './scale.js';

const SCALE_VERSION = 'autoscaling/v1';
const REPLICAS_OF_SCALE = setOfPath(['spec', 'replicas'].map(fieldElement));

const pathSet = (path: readonly string[]): FieldSet => setOfPath(path.map(fieldElement));

/** True when the set has every path of the other. */
const holds = (set: FieldSet, path: FieldSet): boolean => isEmptySet(difference(path, set));

/** The Scale of an object, with those who own the object's replicas as the owners of the Scale's. */
export const managedScaleOf = (resource: ServedResource, object: KubeObject): KubeObject => {
  const path = pathSet(replicasPath(resource));
  const owners = [...decodeManagers(object.metadata.managedFields)]
    .filter(([, { apiVersion, fields }]) => apiVersion === resource.apiVersion && holds(fields, path))
    .map(([id, manager]) => [id, { ...manager, apiVersion: SCALE_VERSION, fields: REPLICAS_OF_SCALE }] as const);
  return withManagedFields(scaleOf(resource, object), encodeManagers(new Map(owners)));
};

/**
 * The object with its managers after a write of its Scale. As Kubernetes has it: who loses the replicas keeps the rest,
 * and who comes to own them through the Scale is an entry of its own, without a time.
 */
export const withScaleManagers = (resource: ServedResource, object: KubeObject, scale: KubeObject): KubeObject => {
  const path = pathSet(replicasPath(resource));
  const scaling = new Map(decodeManagers(scale.metadata.managedFields));
  const managers = new Map<string, Manager>();
  const known = decodeManagers(object.metadata.managedFields);
  for (const [id, manager] of known) {
    const stays = !holds(manager.fields, path) || scaling.delete(id);
    managers.set(id, stays ? manager : { ...manager, fields: difference(manager.fields, path) });
  }
  for (const [id, { time: _time, ...manager }] of scaling) {
    if (!holds(manager.fields, REPLICAS_OF_SCALE)) continue;
    managers.set(id, { ...manager, apiVersion: resource.apiVersion, fields: path });
  }
  return withManagedFields(object, encodeManagers(managers));
};

type Writer = Pick<WriteContext, 'manager' | 'now'>;

/** The Scale that a write makes of `live`, with the writer as the owner of what it changed. */
export const updatedScale = (live: KubeObject, updated: KubeObject, writer: Writer): KubeObject =>
  trackUpdate({ ...writer, subresource: 'scale', live, updated });

/** The Scale after a server-side apply. Throws Conflict. */
export const appliedScale = (live: KubeObject, applied: KubeObject, writer: Writer, force: boolean): KubeObject =>
  applyOrThrow({ ...writer, subresource: 'scale', live, applied, force });
