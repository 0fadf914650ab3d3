import type { Condition } from '../../../objects/kinds/meta-v1.js';
import { qualifiedName } from '../../../objects/names.js';
import {
  child,
  duplicate,
  invalid,
  invalidEach,
  notSupported,
  required,
  tooLong,
  type FieldError,
} from '../field-errors.js';
import { each } from './rules.js';

const MOST_REASON_BYTES = 1024;
const MOST_MESSAGE_BYTES = 32 * 1024;
const STATUSES = ['False', 'True', 'Unknown'];
const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const WRONG_REASON = `a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${REASON}')`;

const validateReason = (field: string, reason: string): FieldError[] => {
  if (reason === '') return [required(field)];
  return [
    ...(new RegExp(`^${REASON}$`).test(reason) ? [] : [invalid(field, reason, WRONG_REASON)]),
    ...(Buffer.byteLength(reason) > MOST_REASON_BYTES ? [tooLong(field, MOST_REASON_BYTES)] : []),
  ];
};

/** Conditions of the common form: each type once, with a status, a reason and a time. */
export const validateConditions = (field: string, conditions: readonly Condition[] | undefined): FieldError[] => {
  const types = new Set<string>();
  return each(field, conditions, (condition, path) => {
    const {
      type = '',
      status = '',
      reason = '',
      message = '',
      observedGeneration = 0,
    } = condition as Partial<Condition>;
    const time: string | null | undefined = condition.lastTransitionTime;
    const errors = types.has(type) ? [duplicate(child(path, 'type'), type)] : [];
    types.add(type);
    return [
      ...errors,
      ...invalidEach(child(path, 'type'), type, qualifiedName(type)),
      ...(STATUSES.includes(status) ? [] : [notSupported(child(path, 'status'), status, STATUSES)]),
      ...(observedGeneration < 0
        ? [invalid(child(path, 'observedGeneration'), observedGeneration, 'must be greater than or equal to zero')]
        : []),
      ...((time ?? '') === '' ? [required(child(path, 'lastTransitionTime'))] : []),
      ...validateReason(child(path, 'reason'), reason),
      ...(Buffer.byteLength(message) > MOST_MESSAGE_BYTES ? [tooLong(child(path, 'message'), MOST_MESSAGE_BYTES)] : []),
    ];
  });
};
