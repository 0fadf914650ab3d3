import type { KubeObject } from '../../../objects/object.js';
import { decodeObject } from '../../../objects/schema/validate-fields.js';
import { applyDefaults } from '../../admission/defaulting/apply-defaults.js';
import { validateCreate, validateUpdate } from '../../admission/validation/validate.js';
import type { KindRules } from './kind-rules.js';

/** The rules of the kinds that are built in. */
export const builtinRules: KindRules = {
  decode: (_target, object) => decodeObject(object),
  defaults: ({ resource }, object) => {
    const defaulted = applyDefaults(object);
    return resource.group === '' && resource.plural === 'namespaces' ? namespaceDefaults(defaulted) : defaulted;
  },
  // What is stored was defaulted by the same table.
  readDefaults: (_target, object) => object,
  mergeType: () => undefined,
  createProblems: (_target, object) => validateCreate(object),
  updateProblems: ({ subresource }, object, current) => validateUpdate(object, current, subresource ?? ''),
};

/** A namespace holds its content until the namespace controller has removed it. */
const namespaceDefaults = (object: KubeObject): KubeObject => {
  const spec = (object['spec'] ?? {}) as { finalizers?: readonly string[] };
  const isNew = object.metadata.uid === undefined || object.metadata.resourceVersion === undefined;
  const { phase, ...status } = (object['status'] ?? {}) as { phase?: string };
  return {
    ...object,
    spec: isNew && spec.finalizers === undefined ? { ...spec, finalizers: ['kubernetes'] } : spec,
    status: { ...status, phase: phase ?? 'Active' },
  };
};
