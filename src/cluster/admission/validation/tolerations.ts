import type { Toleration } from '../../../objects/kinds/core-v1.js';
import { qualifiedName, validLabelValue } from '../../../objects/names.js';
import { child, invalid, invalidEach, notSupported, type FieldError } from '../field-errors.js';
import { each, oneOf } from './rules.js';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const NO_KEY = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';

const validateTolerated = (field: string, operator: string, value: string): FieldError[] => {
  if (operator === 'Equal' || operator === '') {
    const wrong = validLabelValue(value);
    return wrong.length === 0 ? [] : [invalid(field, value, wrong.join(';'))];
  }
  if (operator === 'Exists') {
    return value === '' ? [] : [invalid(field, value, "value must be empty when `operator` is 'Exists'")];
  }
  const supported = operator === 'Lt' || operator === 'Gt' ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists'];
  return [notSupported(field, operator, supported)];
};

export const validateTolerations = (field: string, tolerations: readonly Toleration[] | undefined): FieldError[] =>
  each(field, tolerations, (toleration, path) => {
    const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
    const errors: FieldError[] = key === '' ? [] : invalidEach(child(path, 'key'), key, qualifiedName(key));
    if (key === '' && operator !== 'Exists') errors.push(invalid(child(path, 'operator'), operator, NO_KEY));
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(invalid(child(path, 'effect'), effect, detail));
    }
    return [
      ...errors,
      ...validateTolerated(child(path, 'operator'), operator, value),
      ...(effect === '' ? [] : oneOf(child(path, 'effect'), effect, EFFECTS)),
    ];
  });
