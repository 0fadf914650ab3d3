import { jsonEquals } from '../../../objects/json.js';
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
  const named = forgets ? withoutManagers(known) : known;
  const warned: string[] = [];
  const typed = withSingleOwners(named, warned);
  const warn = (): KubeObject => {
    context.warnings.push(...warned);
    return typed;
  };
  if (fieldValidation === 'Ignore') return warn();
  const problems = fieldProblems(unknownFields, duplicates);
  if (problems.length === 0) return warn();
  if (fieldValidation === 'Strict') throw strictDecodingError(object, problems);
  context.warnings.push(...problems);
  return warn();
};

/** An empty list of managers asks to forget them. The form of a kind has no empty lists: one empty entry says the same. */
const withoutManagers = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, managedFields: [{}] },
});

/** Owners that are named twice are named once, with a warning. */
const withSingleOwners = (object: KubeObject, warnings: string[]): KubeObject => {
  const owners = object.metadata.ownerReferences ?? [];
  const again = owners.filter((owner, index) => owners.slice(0, index).some((other) => jsonEquals(other, owner)));
  if (again.length === 0) return object;
  const uids = again.map(({ uid }) => uid).join(', ');
  warnings.push(
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`,
  );
  const ownerReferences = owners.filter((owner) => !again.includes(owner));
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
};
