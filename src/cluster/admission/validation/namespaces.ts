import type { Namespace } from '../../../objects/kinds/core-v1.js';
import { qualifiedName } from '../../../objects/names.js';
import { invalid, invalidEach, item, type FieldError } from '../field-errors.js';

const STANDARD_FINALIZERS = new Set(['foregroundDeletion', 'kubernetes', 'orphan']);

/** Finalizers say whose they are. */
export const ownedFinalizer = (field: string, name: string): FieldError[] =>
  name.includes('/') || STANDARD_FINALIZERS.has(name)
    ? []
    : [invalid(field, name, 'name is neither a standard finalizer name nor is it fully qualified')];

const finalizerName = (field: string, name: string): FieldError[] => [
  ...invalidEach(field, name, qualifiedName(name)),
  ...ownedFinalizer(field, name),
];

export const validateNamespace = ({ spec }: Namespace): FieldError[] =>
  (spec?.finalizers ?? []).flatMap((name) => finalizerName('spec.finalizers', name));

export const validateNamespacePart = (namespace: Namespace, _old: Namespace, subresource: string): FieldError[] => {
  if (subresource === 'finalize') {
    return (namespace.spec?.finalizers ?? []).flatMap((name, index) =>
      finalizerName(item('spec.finalizers', index), name),
    );
  }
  const isLeaving = namespace.metadata.deletionTimestamp !== undefined;
  const { phase = '' } = namespace.status ?? {};
  if (phase === (isLeaving ? 'Terminating' : 'Active')) return [];
  const detail = isLeaving
    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
    : "may only be 'Active' if `deletionTimestamp` is empty";
  return [invalid('status.Phase', phase, detail)];
};
