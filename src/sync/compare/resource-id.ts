import { groupOf } from '../../objects/kind.js';
import type { KubeObject, ObjectKey } from '../../objects/object.js';

/** Names one object whatever the version it is written in. `namespace` is empty for cluster-scoped kinds. */
export interface ResourceId {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export const resourceIdOf = (object: KubeObject): ResourceId => ({
  group: groupOf(object.apiVersion),
  kind: object.kind,
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
});

/** `apps/Deployment:shop/web`: for maps, tracking ids and messages. */
export const resourceIdText = ({ group, kind, namespace, name }: ResourceId): string =>
  `${group}/${kind}:${namespace}/${name}`;

/** `apps/Deployment "shop/web"`: for people. */
export const resourceName = ({ group, kind, namespace, name }: ResourceId): string =>
  `${group === '' ? kind : `${group}/${kind}`} "${namespace === '' ? name : `${namespace}/${name}`}"`;

export const idText = (object: KubeObject): string => resourceIdText(resourceIdOf(object));

export const objectKeyOf = ({ namespace, name }: Pick<ResourceId, 'namespace' | 'name'>): ObjectKey =>
  namespace === '' ? { name } : { namespace, name };

/** `apps/Deployment/web`: as Argo CD names objects in messages of operations. */
export const groupKindName = ({ group, kind, name }: ResourceId): string =>
  group === '' ? `${kind}/${name}` : `${group}/${kind}/${name}`;
