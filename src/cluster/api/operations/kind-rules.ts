import type { MergeType } from '../../../objects/apply/merge-schema.js';
import type { KubeObject } from '../../../objects/object.js';
import type { DecodedObject } from '../../../objects/schema/validate-fields.js';
import type { Target } from '../request.js';
import type { FieldProblem } from '../status-errors.js';

/** What the kinds demand of their objects. The pipeline asks; `cluster/admission` and `objects` answer. */
export interface KindRules {
  /** The object in the form of its kind, without the fields that it does not know. Throws BadRequest for wrong forms. */
  decode(target: Target, object: KubeObject): DecodedObject;
  /** The object with every default filled in. */
  defaults(target: Target, object: KubeObject): KubeObject;
  /** A stored object as it is read: with defaults that its kind got since. The same object when nothing is missing. */
  readDefaults(target: Target, object: KubeObject): KubeObject;
  /** How its fields merge, where the table of built-in kinds does not say. */
  mergeType(target: Target): MergeType | undefined;
  /** Everything that is wrong with a new object. */
  createProblems(target: Target, object: KubeObject): readonly FieldProblem[];
  /** Everything that is wrong with a change. */
  updateProblems(target: Target, object: KubeObject, current: KubeObject): readonly FieldProblem[];
}
