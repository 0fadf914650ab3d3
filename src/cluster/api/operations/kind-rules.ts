import type { KubeObject } from '../../../objects/object.js';
import type { FieldProblem } from '../status-errors.js';
import type { Target } from '../request.js';

/** What the kinds demand of their objects: defaults and validation. The pipeline asks; `cluster/admission` answers. */
export interface KindRules {
  /** The object with every default filled in. */
  defaults(target: Target, object: KubeObject): KubeObject;
  /** Everything that is wrong with a new object. */
  createProblems(target: Target, object: KubeObject): readonly FieldProblem[];
  /** Everything that is wrong with a change. */
  updateProblems(target: Target, object: KubeObject, current: KubeObject): readonly FieldProblem[];
}

/** A namespace holds its content until the namespace controller has removed it, and carries its name as a label. */
const namespaceDefaults = (object: KubeObject): KubeObject => {
  const labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
  const spec = (object['spec'] ?? {}) as { finalizers?: readonly string[] };
  const fresh = object.metadata.deletionTimestamp === undefined && spec.finalizers === undefined;
  return {
    ...object,
    metadata: { ...object.metadata, labels },
    spec: fresh ? { ...spec, finalizers: ['kubernetes'] } : spec,
    status: object['status'] ?? { phase: 'Active' },
  };
};

export const kindRules: KindRules = {
  defaults: ({ resource }, object) =>
    resource.group === '' && resource.plural === 'namespaces' ? namespaceDefaults(object) : object,
  createProblems: () => [],
  updateProblems: () => [],
};
