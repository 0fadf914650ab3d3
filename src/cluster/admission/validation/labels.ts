import { qualifiedName, validLabelValue } from '../../../objects/names.js';
import type { LabelSelectorObject } from '../../../objects/selectors/label-selector.js';
import { child, forbidden, invalid, invalidEach, required, type FieldError } from '../field-errors.js';
import { each } from './rules.js';

export const validateLabels = (field: string, labels: Readonly<Record<string, string>> | undefined): FieldError[] =>
  Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...invalidEach(field, key, qualifiedName(key)),
    ...invalidEach(field, value, validLabelValue(value)),
  ]);

const ANNOTATIONS_LIMIT = 256 * 1024;

export const validateAnnotations = (
  field: string,
  annotations: Readonly<Record<string, string>> | undefined,
): FieldError[] => {
  const entries = Object.entries(annotations ?? {});
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  const errors = entries.flatMap(([key]) => invalidEach(field, key, qualifiedName(key.toLowerCase())));
  if (size > ANNOTATIONS_LIMIT) {
    errors.push({
      reason: 'FieldValueTooLong',
      field,
      message: `Too long: may not be more than ${ANNOTATIONS_LIMIT} bytes`,
    });
  }
  return errors;
};

/** A selector as objects carry it. */
export const validateLabelSelector = (
  field: string,
  selector: LabelSelectorObject | undefined,
  allowInvalidValues = false,
): FieldError[] => {
  if (selector === undefined) return [];
  return [
    ...validateLabels(child(field, 'matchLabels'), selector.matchLabels),
    ...each(child(field, 'matchExpressions'), selector.matchExpressions, ({ key, operator, values }, path) => {
      const errors: FieldError[] = [];
      const count = values?.length ?? 0;
      if ((operator === 'In' || operator === 'NotIn') && count === 0) {
        errors.push(required(child(path, 'values'), "must be specified when `operator` is 'In' or 'NotIn'"));
      } else if ((operator === 'Exists' || operator === 'DoesNotExist') && count > 0) {
        errors.push(
          forbidden(child(path, 'values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        );
      } else if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) {
        errors.push(invalid(child(path, 'operator'), operator, 'not a valid selector operator'));
      }
      errors.push(...invalidEach(child(path, 'key'), key, qualifiedName(key)));
      if (allowInvalidValues) return errors;
      errors.push(
        ...each(child(path, 'values'), values, (value, at) => invalidEach(at, value, validLabelValue(value))),
      );
      return errors;
    }),
  ];
};

export const isEmptySelector = (selector: LabelSelectorObject | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
