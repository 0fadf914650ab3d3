import { KustomizeError, wrapped } from '../errors.js';
import type { Node } from '../nodes/node.js';
import { fieldOf, fieldOrNew, isNull, Node as NodeClass, setScalar, textOf } from '../nodes/node.js';
import { requireKind } from '../nodes/require-kind.js';
import type { Resource } from '../resources/resource.js';
import { idKey, isClusterScoped } from '../resources/resource-id.js';
import type { ResourceMap } from '../resources/resource-map.js';
import type { FieldSpec } from './field-spec.js';
import { applyFieldSpecs, applyPath } from './field-spec.js';

export type SubjectMode = 'defaultOnly' | 'allServiceAccounts' | 'none';

export interface NamespaceOptions {
  readonly namespace: string;
  readonly specs: readonly FieldSpec[];
  /** Leaves namespaces that are set as they are. */
  readonly unsetOnly?: boolean;
  /** Which subjects of role bindings get the namespace: those named `default`, all service accounts or none. */
  readonly subjects?: SubjectMode;
}

/** Moves all resources into a namespace: their own, role binding subjects and the fields of the specs. */
export const transformNamespace = (map: ResourceMap, options: NamespaceOptions): void => {
  if (options.namespace === '') return;
  const counts = new Map<string, number>();
  const count = (resource: Resource, change: number): number => {
    const key = idKey(resource.id);
    const total = (counts.get(key) ?? 0) + change;
    counts.set(key, total);
    return total;
  };
  for (const resource of map.resources) if (!resource.isEmpty) count(resource, 1);
  for (const resource of map.resources) {
    if (resource.isEmpty) continue;
    resource.rememberId();
    count(resource, -1);
    setNamespaces(resource, options);
    if (count(resource, 1) !== 1) {
      throw new KustomizeError(`namespace transformation produces ID conflict: ${idKey(resource.id)}`);
    }
  }
};

export const setNamespaces = (resource: Resource, options: NamespaceOptions): void => {
  const { node } = resource;
  const set = (target: Node): void => {
    if (options.unsetOnly === true && target.kind === 'scalar' && textOf(target) !== '') return;
    requireKind('scalar', target, 'namespace field specs must target scalar nodes: ');
    setScalar(target, NodeClass.string(options.namespace));
  };
  const { apiVersion, kind } = resource;
  if (!isClusterScoped(resource.id)) {
    applyPath(node, { path: 'metadata/namespace', create: true }, { set, createKind: 'scalar' });
  }
  const isBinding = kind === 'RoleBinding' || kind === 'ClusterRoleBinding';
  if (isBinding) setSubjects(node, options.subjects ?? 'defaultOnly', set);
  const specs = options.specs.filter(
    (spec) =>
      spec.path !== 'metadata/namespace' &&
      (apiVersion === 'v1' || spec.path !== 'metadata/name') &&
      !(isBinding && spec.path === 'subjects/namespace' && /^(Cluster)?RoleBinding$/.test(spec.kind ?? '')),
  );
  try {
    applyFieldSpecs(node, specs, { set, createKind: 'scalar' });
  } catch (error) {
    throw wrapped(error, 'namespace transformation failed');
  }
};

const setSubjects = (node: Node, mode: SubjectMode, set: (target: Node) => void): void => {
  const subjects = fieldOf(node, 'subjects');
  if (mode === 'none' || subjects === undefined || isNull(subjects)) return;
  if (subjects.kind !== 'list') {
    throw new KustomizeError('setting namespace on (cluster)role binding subjects: subjects is not a list');
  }
  for (const subject of subjects.items) {
    const matches =
      mode === 'defaultOnly'
        ? textOf(fieldOf(subject, 'name')) === 'default'
        : textOf(fieldOf(subject, 'kind')) === 'ServiceAccount';
    if (matches) set(fieldOrNew(subject, 'namespace', 'scalar'));
  }
};
