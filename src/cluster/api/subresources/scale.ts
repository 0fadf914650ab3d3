import { jsonEquals, valueAt, withValueAt } from '../../../objects/json.js';
import type { KubeObject } from '../../../objects/object.js';
import {
  formatLabelSelector,
  selectorFromObject,
  type LabelSelectorObject,
} from '../../../objects/selectors/label-selector.js';
import type { ServedResource } from '../request.js';
import { badRequest, invalid } from '../status-errors.js';

const DEFAULT_PATHS = { replicas: '.spec.replicas', statusReplicas: '.status.replicas' } as const;

/** `.spec.replicas` as the names on the way. */
const namesOf = (path: string): readonly string[] => path.split('.').filter((name) => name !== '');

/** The names on the way to the replicas that an object asks for. */
export const replicasPath = (resource: ServedResource): readonly string[] =>
  namesOf((resource.scale ?? DEFAULT_PATHS).replicas);

/** The `autoscaling/v1` Scale of an object: how many replicas are asked for, and how many there are. */
export const scaleOf = (resource: ServedResource, object: KubeObject): KubeObject => {
  const { statusReplicas } = resource.scale ?? DEFAULT_PATHS;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const asked = valueAt(object, replicasPath(resource));
  const selector = selectorText(resource, object);
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: defined({ name, namespace, uid, resourceVersion, creationTimestamp }),
    spec: typeof asked === 'number' && asked !== 0 ? { replicas: asked } : {},
    status: { replicas: numberAt(object, statusReplicas), ...(selector === '' ? {} : { selector }) },
  };
};

const defined = (metadata: KubeObject['metadata']): KubeObject['metadata'] =>
  Object.fromEntries(
    Object.entries(metadata).filter(([, value]) => value !== undefined),
  ) as unknown as KubeObject['metadata'];

const numberAt = (object: KubeObject, path: string): number => {
  const value = valueAt(object, namesOf(path));
  return typeof value === 'number' ? value : 0;
};

const selectorText = (resource: ServedResource, object: KubeObject): string => {
  if (resource.scale !== undefined) {
    const text = resource.scale.selector === undefined ? undefined : valueAt(object, namesOf(resource.scale.selector));
    return typeof text === 'string' ? text : '';
  }
  const selector = (object['spec'] as { selector?: LabelSelectorObject } | undefined)?.selector;
  if (selector === undefined) return '';
  // A ReplicationController's selector is a plain map of labels.
  const labels =
    resource.kind === 'ReplicationController' ? { matchLabels: selector as Record<string, string> } : selector;
  return formatLabelSelector(selectorFromObject(labels));
};

/** The object with the replicas that a Scale asks for. Throws BadRequest or Invalid. */
export const withScale = (resource: ServedResource, object: KubeObject, scale: KubeObject): KubeObject => {
  if (scale.kind !== 'Scale') throw badRequest(`expected a Scale, not a ${scale.kind}`);
  if ((scale.metadata.name ?? '') !== '' && scale.metadata.name !== object.metadata.name) {
    throw badRequest(
      `the name of the object (${scale.metadata.name}) does not match the name on the URL (${object.metadata.name})`,
    );
  }
  const replicas = valueAt(scale, ['spec', 'replicas']) ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    const message = `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`;
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, object.metadata.name, [
      { reason: 'FieldValueInvalid', field: 'spec.replicas', message },
    ]);
  }
  const path = replicasPath(resource);
  const { resourceVersion, uid } = scale.metadata;
  const versions = {
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(uid === undefined ? {} : { uid }),
  };
  const asked = { ...object, metadata: { ...object.metadata, ...versions } };
  if (jsonEquals(valueAt(object, path), replicas)) return asked;
  return withValueAt(asked, path, replicas) as KubeObject;
};
