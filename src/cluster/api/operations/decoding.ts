import type { KubeObject } from '../../../objects/object.js';
import { fieldProblems, strictDecodingError } from '../../../objects/schema/validate-fields.js';
import type { RequestContext, Target, WriteParameters } from '../request.js';
import type { Machinery } from './machinery.js';

/**
 * An object from outside in the form of its kind. Fields that the kind does not know, and keys that occurred twice in
 * the request, are refused, warned of or passed over, as the request asked.
 */
export const decoded = (
  { rules }: Machinery,
  context: RequestContext,
  target: Target,
  object: KubeObject,
  { fieldValidation, duplicates = [] }: WriteParameters,
): KubeObject => {
  const { object: known, unknownFields } = rules.decode(target, object);
  const forgets = object.metadata.managedFields?.length === 0 && !target.resource.custom;
  const typed = forgets ? withoutManagers(known) : known;
  if (fieldValidation === 'Ignore') return typed;
  const problems = fieldProblems(unknownFields, duplicates);
  if (problems.length === 0) return typed;
  if (fieldValidation === 'Strict') throw strictDecodingError(object, problems);
  context.warnings.push(...problems);
  return typed;
};

/** An empty list of managers asks to forget them. The form of a kind has no empty lists: one empty entry says the same. */
const withoutManagers = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, managedFields: [{}] },
});
