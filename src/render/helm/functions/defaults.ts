import type { Value } from '../template/values.js';
import { isEmpty } from './cast.js';
import { type Family, fn, variadic } from './define.js';

/** Sprig's choices between values. */
export const defaults: Family = {
  default: variadic(['any'], 'any', (fallback, given) =>
    given.length === 0 || isEmpty(given[0]) ? fallback : given[0],
  ),
  empty: fn(['any'], isEmpty),
  coalesce: variadic([], 'any', (values: Value[]) => values.find((value) => !isEmpty(value)) ?? null),
  all: variadic([], 'any', (values: Value[]) => !values.some(isEmpty)),
  any: variadic([], 'any', (values: Value[]) => !values.every(isEmpty)),
  ternary: fn(['any', 'any', 'bool'], (yes, no, condition) => (condition ? yes : no)),
};
