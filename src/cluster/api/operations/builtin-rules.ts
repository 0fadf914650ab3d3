import { decodeObject } from '../../../objects/schema/validate-fields.js';
import { applyDefaults } from '../../admission/defaulting/apply-defaults.js';
import { validateCreate, validateUpdate } from '../../admission/validation/validate.js';
import type { KindRules } from './kind-rules.js';

/** The rules of the kinds that are built in. */
export const builtinRules: KindRules = {
  decode: (_target, object) => decodeObject(object),
  defaults: (_target, object) => applyDefaults(object),
  // What is stored was defaulted by the same table.
  readDefaults: (_target, object) => object,
  mergeType: () => undefined,
  createProblems: (_target, object) => validateCreate(object),
  updateProblems: ({ subresource }, object, current) => validateUpdate(object, current, subresource ?? ''),
};
